import type { ModelTokenizer } from '../../core/model-runner.ts';
import type { Stage, Trigger } from '../../text/constraint/stage.ts';
import type { CallSpelling, CallSyntax } from '../../text/tool-calls/tool-family.ts';
import type { CallRules } from './answer-stages.ts';
import type { CallGrammars } from './call-grammars.ts';
import { grammarStage, joinStages, literal, shiftStages } from './join-stages.ts';

/** The answer is one call and nothing else. */
export function planForcedCall(
  grammars: CallGrammars,
  syntax: CallSyntax,
  tokenizer: ModelTokenizer,
): Stage[] {
  const after: Stage = hasBareArguments(syntax) ? freeUntil(syntax.after) : literal(syntax.after, tokenizer);
  return joinStages([literal(syntax.before, tokenizer)], callStages(grammars, syntax, tokenizer), [after]);
}

/** Text in which each call, once begun, fits the schema of its function. */
export function planPossibleCalls(rules: CallRules, syntax: CallSyntax, tokenizer: ModelTokenizer): Stage[] {
  if (hasBareArguments(syntax)) {
    // No schema holds arguments that are no JSON; only the number of calls can be kept.
    return rules.parallel ? [] : [freeUntil(syntax.trigger!), freeUntil(syntax.after)];
  }
  const spellings = listSpellings(rules, syntax);
  const parts = spellings.map((spelling) => planSpelling(spelling, rules, syntax, tokenizer));
  // Behind the two stages of text: where each part begins, and where the answer ends.
  const targets: number[] = [];
  let end = 2;
  for (const part of parts) {
    targets.push(end);
    end += part.length + 1;
  }
  const triggers = spellings.map(
    ({ trigger, onlyFirst, kept = '' }, index): Trigger => ({
      text: trigger,
      onlyFirst,
      kept,
      target: targets[index]!,
    }),
  );
  const answer = spellings.findIndex(({ content }) => content === 'answer');
  // Where the first brace makes a call, another may follow behind a separator.
  const more = answer < 0 ? [] : [';', ','].map((text) => ({ ...triggers[answer]!, text, kept: '' }));
  const then: Stage = rules.parallel ? { kind: 'jump', target: 1 } : { kind: 'jump', target: end };
  return [
    { kind: 'free', triggers },
    { kind: 'free', triggers: [...triggers, ...more] },
    ...parts.flatMap((part, index) => [...shiftStages(part, targets[index]!), then]),
  ];
}

const END: Stage = { kind: 'end' };

/** The family's own spelling, where something announces it, and the others. */
function listSpellings({ parallel }: CallRules, syntax: CallSyntax): readonly CallSpelling[] {
  const others = syntax.others ?? [];
  if (syntax.trigger === null) return others;
  const isList = syntax.list === true && parallel;
  const content = syntax.nameKey === null ? 'named' : isList ? 'list' : 'call';
  const kept = isList && syntax.trigger.endsWith('[') ? '[' : '';
  const own = { trigger: syntax.trigger, onlyFirst: false, kept, content, after: syntax.after } as const;
  return [syntax.nameKey === null ? { ...own, separator: syntax.separator } : own, ...others];
}

/**
 * What follows a trigger. The text behind a call is the model's again, unless one call is all there may be.
 */
function planSpelling(
  spelling: CallSpelling,
  { grammars, parallel }: CallRules,
  syntax: CallSyntax,
  tokenizer: ModelTokenizer,
): Stage[] {
  const isOwn = spelling.trigger === syntax.trigger;
  const prefix = isOwn && spelling.content !== 'list' ? callPrefix(syntax, tokenizer) : [];
  const after = parallel || spelling.after === '' ? [] : [literal(spelling.after, tokenizer)];
  return joinStages(prefix, contentStages(spelling, grammars, tokenizer), after);
}

function contentStages(spelling: CallSpelling, grammars: CallGrammars, tokenizer: ModelTokenizer): Stage[] {
  switch (spelling.content) {
    case 'call':
      return [grammarStage(grammars.call!, true)];
    case 'list':
      return [grammarStage(grammars.list!, true)];
    case 'answer':
      return [grammarStage(grammars.answer!, true)];
    case 'named':
      return namedCall(grammars, spelling.separator ?? '', tokenizer);
  }
}

/** Content of a format, unless the answer begins as a call does. */
export function planCallOrContent(
  grammars: CallGrammars,
  syntax: CallSyntax,
  content: Stage[],
  tokenizer: ModelTokenizer,
): Stage[] {
  const before = literal(syntax.before, tokenizer);
  const token = before.tokens[0];
  // Families without a mark of their own are refused before: a call can't be told from JSON content.
  if (token === undefined) return content;
  const target = 2 + content.length;
  return joinStages(
    [{ kind: 'branch', token, target }, ...content, END],
    [before],
    callStages(grammars, syntax, tokenizer),
    [literal(syntax.after, tokenizer)],
  );
}

/** What the model writes itself between the trigger and the call, such as the bracket of a list. */
function callPrefix(syntax: CallSyntax, tokenizer: ModelTokenizer): Stage[] {
  const place = syntax.before.lastIndexOf(syntax.trigger ?? '');
  const rest = syntax.before.slice(place + (syntax.trigger?.length ?? 0)).trim();
  return rest === '' ? [] : [literal(rest, tokenizer)];
}

/** One call in the family's own spelling, without what stands around it. */
function callStages(grammars: CallGrammars, syntax: CallSyntax, tokenizer: ModelTokenizer): Stage[] {
  if (syntax.nameKey !== null) return [grammarStage(grammars.call!, true)];
  return namedCall(grammars, syntax.separator, tokenizer);
}

/** The name of a function, then what its own schema allows. */
function namedCall({ tools }: CallGrammars, separator: string, tokenizer: ModelTokenizer): Stage[] {
  const bodies = tools.map(({ callArguments }) =>
    callArguments === null ? [] : [grammarStage(callArguments, true)],
  );
  const end = bodies.reduce((sum, body) => sum + body.length + 1, 1);
  let target = 1;
  const options = tools.map(({ name }, index) => {
    const { tokens } = literal(name + separator, tokenizer);
    const option = { tokens, target };
    target += bodies[index]!.length + 1;
    return option;
  });
  return [
    { kind: 'choice', options },
    ...bodies.flatMap((body): Stage[] => [...body, { kind: 'jump', target: end }]),
  ];
}

function hasBareArguments(syntax: CallSyntax): boolean {
  return syntax.nameKey === null && syntax.bareArguments === true;
}

function freeUntil(text: string): Stage {
  return { kind: 'free', triggers: [{ text, onlyFirst: false, kept: '' }] };
}
