import type { ModelTokenizer } from '../../core/model-runner.ts';
import type { ChatFormat } from '../../text/chat-template/chat-format.ts';
import { type GuardedConstraints, guardConstraints } from '../../text/constraint/guarded-constraint.ts';
import type { Stage } from '../../text/constraint/stage.ts';
import { StagedConstraint } from '../../text/constraint/staged-constraint.ts';
import type { AnswerFormat } from './answer-format.ts';
import type { CallGrammars } from './call-grammars.ts';
import { planCallOrContent, planForcedCall, planPossibleCalls } from './call-stages.ts';
import { grammarStage, joinStages } from './join-stages.ts';

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
  return joinStages([reasoning], body.length > 0 ? body : [{ kind: 'free', triggers: [] }]);
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

/** Constraints of one answer each; null where anything goes. */
export function createConstraints(rules: AnswerRules): GuardedConstraints | null {
  const stages = planAnswerStages(rules);
  if (stages.length === 0) return null;
  const create = () => new StagedConstraint(stages, rules.tokenizer);
  return guardConstraints(create);
}
