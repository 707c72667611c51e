import type { ModelTokenizer } from '../../core/model-runner.ts';
import type { ChatFormat } from '../../text/chat-template/chat-format.ts';
import { type GuardedConstraints, guardConstraints } from '../../text/constraint/guarded-constraint.ts';
import type { Stage, Trigger } from '../../text/constraint/stage.ts';
import { StagedConstraint } from '../../text/constraint/staged-constraint.ts';
import type { CallSyntax } from '../../text/tool-calls/tool-family.ts';
import type { AnswerFormat } from './answer-format.ts';
import type { CallGrammars } from './call-grammars.ts';

/** What is known about one answer before it is written. */
export interface AnswerRules {
  readonly chat: ChatFormat;
  readonly tokenizer: ModelTokenizer;
  readonly format: AnswerFormat | null;
  /** Null: no calls. `forced`: the answer has to be one. */
  readonly calls: CallRules | null;
  readonly reasoningBudget: number | null;
  /** The prompt ended inside the reasoning tag. */
  readonly openedReasoning: boolean;
}

export interface CallRules {
  readonly grammars: CallGrammars;
  readonly forced: boolean;
  /** Several calls may come one after the other. */
  readonly parallel: boolean;
}

/** The stages of the answer; empty where anything goes. */
export function planAnswerStages(rules: AnswerRules): Stage[] {
  const body = planBody(rules);
  const reasoning = planReasoning(rules, body.length > 0);
  if (reasoning === null) return body;
  return [reasoning, ...shiftTargets(body.length > 0 ? body : [{ kind: 'free', trigger: null }], 1)];
}

/** Reasoning needs a stage where it is limited, or where something strict follows that it may come before. */
function planReasoning(rules: AnswerRules, strictFollows: boolean): Stage | null {
  const { chat, tokenizer, reasoningBudget, openedReasoning } = rules;
  const mayComeBefore = strictFollows && (openedReasoning || (chat.reasons && reasoningBudget !== 0));
  const isLimited = reasoningBudget !== null && (openedReasoning || !strictFollows);
  if (!mayComeBefore && !isLimited) return null;
  const { open, close } = chat.reasoningTags;
  return {
    kind: 'reasoning',
    open: openedReasoning ? null : open,
    close,
    closingTokens: tokenizer.encode(`\n${close}\n\n`, { addSpecial: false, parseSpecial: true }),
    budgetTokens: reasoningBudget,
  };
}

function planBody(rules: AnswerRules): Stage[] {
  const { calls, format } = rules;
  const content: Stage[] = format === null ? [] : [grammarStage(format.grammar, format.leadingBlanks)];
  if (calls === null) return content;
  const { callSyntax } = rules.chat.family;
  if (calls.forced) return planForcedCall(calls.grammars, callSyntax, rules.tokenizer);
  if (format === null) return planPossibleCalls(calls, callSyntax, rules.tokenizer);
  return planCallOrContent(calls.grammars, callSyntax, content, rules.tokenizer);
}

/** The answer is one call and nothing else. */
function planForcedCall(grammars: CallGrammars, syntax: CallSyntax, tokenizer: ModelTokenizer): Stage[] {
  if (grammars.call === null && grammars.callArguments === null) {
    const rest: Stage = { kind: 'free', trigger: textTrigger(syntax.after) };
    return [literal(syntax.before, tokenizer), ...callStages(grammars, syntax, tokenizer), rest];
  }
  return [
    literal(syntax.before, tokenizer),
    ...callStages(grammars, syntax, tokenizer),
    literal(syntax.after, tokenizer),
  ];
}

/** Text in which each call, once begun, fits its schema. */
function planPossibleCalls(rules: CallRules, syntax: CallSyntax, tokenizer: ModelTokenizer): Stage[] {
  const { grammars } = rules;
  const call = callStages(grammars, syntax, tokenizer);
  if (syntax.trigger !== null) {
    const begin: Stage = { kind: 'free', trigger: textTrigger(syntax.trigger) };
    // No schema holds arguments that are no JSON; only the number of calls can be kept.
    if (syntax.nameKey === null && syntax.bareArguments === true) {
      return rules.parallel ? [] : [begin, { kind: 'free', trigger: textTrigger(syntax.after) }];
    }
    const then: Stage = rules.parallel ? { kind: 'jump', target: 0 } : literal(syntax.after, tokenizer);
    return [begin, ...callPrefix(syntax, tokenizer), ...call, then];
  }
  // Nothing announces a call of these families but its first key.
  const text = syntax.nameKey === null ? '' : `{"${syntax.nameKey}": "`;
  const matcher = grammars.call?.createMatcher();
  const begins = tokenizer
    .encode(text, { addSpecial: false, parseSpecial: false })
    .every((token) => matcher?.accept(token) === true);
  if (text === '' || !begins) return [];
  const then: Stage[] = rules.parallel ? [{ kind: 'free', trigger: null }] : [];
  return [{ kind: 'free', trigger: { text, onlyFirst: true, belongsToNext: true } }, ...call, ...then];
}

/** Content of a format, unless the answer begins as a call does. */
function planCallOrContent(
  grammars: CallGrammars,
  syntax: CallSyntax,
  content: Stage[],
  tokenizer: ModelTokenizer,
): Stage[] {
  const before = literal(syntax.before, tokenizer);
  const token = before.tokens[0];
  // Families without a mark of their own are refused before: a call can't be told from JSON content.
  if (token === undefined) return content;
  const call = callStages(grammars, syntax, tokenizer);
  const target = 2 + content.length;
  return [
    { kind: 'branch', token, target },
    ...content,
    { kind: 'end' },
    before,
    ...call,
    literal(syntax.after, tokenizer),
  ];
}

/** What the model writes itself between the trigger and the call, such as the bracket of a list. */
function callPrefix(syntax: CallSyntax, tokenizer: ModelTokenizer): Stage[] {
  const place = syntax.before.lastIndexOf(syntax.trigger ?? '');
  const rest = syntax.before.slice(place + (syntax.trigger?.length ?? 0)).trim();
  return rest === '' ? [] : [literal(rest, tokenizer)];
}

function callStages(grammars: CallGrammars, syntax: CallSyntax, tokenizer: ModelTokenizer): Stage[] {
  if (syntax.nameKey !== null) return [grammarStage(grammars.call!, true)];
  return [
    grammarStage(grammars.name!, false),
    literal(syntax.separator, tokenizer),
    ...(grammars.callArguments === null ? [] : [grammarStage(grammars.callArguments, true)]),
  ];
}

function textTrigger(text: string): Trigger {
  return { text, onlyFirst: false, belongsToNext: false };
}

function grammarStage(grammar: AnswerFormat['grammar'], leadingBlanks: boolean): Stage {
  return { kind: 'grammar', createMatcher: () => grammar.createMatcher(), leadingBlanks };
}

function literal(text: string, tokenizer: ModelTokenizer): Stage & { kind: 'literal' } {
  return { kind: 'literal', tokens: tokenizer.encode(text, { addSpecial: false, parseSpecial: true }) };
}

/** Stages that point to others, when something is put in front of them all. */
function shiftTargets(stages: readonly Stage[], by: number): Stage[] {
  return stages.map((stage) =>
    stage.kind === 'branch' || stage.kind === 'jump' ? { ...stage, target: stage.target + by } : stage,
  );
}

/** Constraints of one answer each; null where anything goes. */
export function createConstraints(rules: AnswerRules): GuardedConstraints | null {
  const stages = planAnswerStages(rules);
  if (stages.length === 0) return null;
  const create = () => new StagedConstraint(stages, rules.tokenizer);
  return guardConstraints(create);
}
