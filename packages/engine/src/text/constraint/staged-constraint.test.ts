import type { Matcher } from '@sparkler/grammar';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelTokenizer } from '../../core/model-runner.ts';
import { decodeRaw } from '../token-text.ts';
import type { Stage } from './stage.ts';
import { StagedConstraint } from './staged-constraint.ts';

/** Pieces of several characters, so that tags end in the middle of tokens. */
const pieces = [
  '<th',
  'ink',
  '>',
  '</',
  'think>',
  '</think>',
  '\n',
  ' ',
  '{',
  '}',
  '"a"',
  ':1',
  'b',
  '>{',
  '<call>',
  '<',
];
const end = pieces.length;
const tokenizer: ModelTokenizer = {
  vocabularySize: pieces.length + 1,
  bosToken: null,
  eosToken: end,
  endTokens: [end],
  addsBos: false,
  encode(text) {
    const tokens: number[] = [];
    for (let rest = text; rest !== ''; ) {
      const fitting = pieces.filter((piece) => rest.startsWith(piece)).sort((a, b) => b.length - a.length);
      if (fitting.length === 0) return [...tokens, pieces.indexOf('b')];
      tokens.push(pieces.indexOf(fitting[0]!));
      rest = rest.slice(fitting[0]!.length);
    }
    return tokens;
  },
  tokenBytes: (token) => new TextEncoder().encode(pieces[token] ?? ''),
  isControl: (token) => token === end,
};

/** Matches one of a few texts; enough of a grammar to stand behind a stage. */
function matchOneOf(...texts: string[]): Matcher {
  let history: string[] = [''];
  const textOf = () => history.at(-1)!;
  const after = (token: number) => (token === end ? null : textOf() + pieces[token]);
  const fits = (text: string | null) => text !== null && texts.some((wanted) => wanted.startsWith(text));
  return {
    allows: (token) => (token === end ? texts.includes(textOf()) : fits(after(token))),
    fillMask(mask) {
      mask.fill(0);
      for (let token = 0; token <= end; token++)
        if (this.allows(token)) mask[token >> 5]! |= 1 << (token & 31);
    },
    accept(token) {
      if (token === end || !fits(after(token))) return false;
      history.push(after(token)!);
      return true;
    },
    forcedTokens: () => [],
    rollback(count) {
      history = history.slice(0, history.length - count);
    },
    reset() {
      history = [''];
    },
    get canEnd() {
      return texts.includes(textOf());
    },
    get mustEnd() {
      return (
        texts.includes(textOf()) && !texts.some((text) => text !== textOf() && text.startsWith(textOf()))
      );
    },
  };
}

const json: Stage = {
  kind: 'grammar',
  createMatcher: () => matchOneOf('{"a":1}', '{}'),
  leadingBlanks: true,
};
const optionalReasoning: Stage = {
  kind: 'reasoning',
  open: '<think>',
  close: '</think>',
  closingTokens: [5, 6],
  budgetTokens: 3,
};
const openedReasoning: Stage = { ...optionalReasoning, open: null };
const call: Stage = { kind: 'grammar', createMatcher: () => matchOneOf('{}'), leadingBlanks: true };
const trigger = { text: '<call>', onlyFirst: false, kept: '' };
const first = { text: '{"a"', onlyFirst: true, kept: '{"a"' };

const shapes: Record<string, readonly Stage[]> = {
  'JSON only': [json],
  'reasoning, then JSON': [optionalReasoning, json],
  'opened reasoning, then JSON': [openedReasoning, json],
  'reasoning, then text': [optionalReasoning, { kind: 'free', triggers: [] }],
  'a forced call': [{ kind: 'literal', tokens: [14, 6] }, call, { kind: 'literal', tokens: [6, 15] }],
  'text with calls': [{ kind: 'free', triggers: [trigger] }, call, { kind: 'jump', target: 0 }],
  'an answer that may be a call': [{ kind: 'free', triggers: [first] }, json],
  'text with calls of two kinds': [
    { kind: 'free', triggers: [trigger, { text: '{"a"', onlyFirst: true, kept: '{"a"', target: 3 }] },
    call,
    { kind: 'jump', target: 0 },
    json,
  ],
  'one of three names': [
    {
      kind: 'choice',
      options: [
        { tokens: [14, 8, 12], target: 1 },
        { tokens: [14, 8, 10], target: 3 },
        { tokens: [15], target: 1 },
      ],
    },
    json,
    { kind: 'end' },
    call,
  ],
  'a call or JSON': [
    { kind: 'branch', token: 14, target: 3 },
    json,
    { kind: 'end' },
    { kind: 'literal', tokens: [14] },
    call,
  ],
};

/** Writes the given tokens as far as they are allowed. */
function write(stages: readonly Stage[], text: string) {
  const constraint = new StagedConstraint(stages, tokenizer);
  const tokens = tokenizer.encode(text, { addSpecial: false, parseSpecial: true });
  const taken = tokens.findIndex((token) => !constraint.accept(token));
  return { constraint, written: decodeRaw(tokenizer, taken < 0 ? tokens : tokens.slice(0, taken)) };
}

describe.each(Object.entries(shapes))('%s', (_, stages) => {
  test('allows, fillMask and accept agree, and rollback takes back', () => {
    const moves = fc.array(fc.record({ token: fc.nat(end), back: fc.nat(3) }), { maxLength: 25 });
    fc.assert(
      fc.property(moves, (steps) => {
        const constraint = new StagedConstraint(stages, tokenizer);
        const mask = new Uint32Array(1);
        const taken: number[] = [];
        for (const { token, back } of steps) {
          constraint.fillMask(mask);
          for (let candidate = 0; candidate <= end; candidate++) {
            expect([candidate, constraint.allows(candidate)]).toEqual([
              candidate,
              ((mask[0]! >> candidate) & 1) === 1,
            ]);
          }
          const allowed = constraint.allows(token);
          expect(constraint.accept(token)).toBe(allowed);
          if (allowed) taken.push(token);
          const count = Math.min(back, taken.length);
          constraint.rollback(count);
          taken.length -= count;
          const replayed = new StagedConstraint(stages, tokenizer);
          for (const old of taken) expect(replayed.accept(old)).toBe(true);
          expect([constraint.canEnd, constraint.mustEnd]).toEqual([replayed.canEnd, replayed.mustEnd]);
          expect(constraint.forcedTokens()).toEqual(replayed.forcedTokens());
        }
      }),
      { numRuns: 300 },
    );
  });

  test('forced tokens are allowed, one after the other', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(end - 1), { maxLength: 12 }), (tokens) => {
        const constraint = new StagedConstraint(stages, tokenizer);
        for (const token of tokens) if (!constraint.accept(token)) break;
        for (const forced of constraint.forcedTokens()) expect(constraint.accept(forced)).toBe(true);
      }),
    );
  });
});

test('reasoning ends at its limit with the closing tag, and JSON follows', () => {
  const { constraint } = write(shapes['reasoning, then JSON']!, '<think>bbb');
  expect(constraint.canEnd).toBe(false);
  expect(constraint.forcedTokens()).toEqual([5, 6]);
  for (const token of [5, 6]) expect(constraint.accept(token)).toBe(true);
  expect(constraint.allows(pieces.indexOf('b'))).toBe(false);
  expect(constraint.allows(pieces.indexOf('{'))).toBe(true);
});

test('an answer may do without reasoning', () => {
  const { constraint, written } = write(shapes['reasoning, then JSON']!, '\n{}');
  expect(written).toBe('\n{}');
  expect(constraint.mustEnd).toBe(true);
});

test('an answer without reasoning may begin with a part of a character', () => {
  const b = pieces.indexOf('b');
  const halves: ModelTokenizer = {
    ...tokenizer,
    tokenBytes: (token) => (token === b ? Uint8Array.of(0xe3) : tokenizer.tokenBytes(token)),
  };
  const grammar: Stage = { kind: 'grammar', createMatcher: () => matchOneOf('b'), leadingBlanks: true };
  const constraint = new StagedConstraint([optionalReasoning, grammar], halves);
  expect(constraint.allows(b)).toBe(true);
  expect(constraint.accept(b)).toBe(true);
});

test('a token may close the reasoning and begin the JSON', () => {
  const { written } = write(shapes['opened reasoning, then JSON']!, 'b</think>{}');
  expect(written).toBe('b</think>{}');
});

test('a call fits its schema, and text may follow', () => {
  expect(write(shapes['text with calls']!, 'b <call>b').written).toBe('b <call>');
  expect(write(shapes['text with calls']!, 'b <call>\n{}b<call>{}').written).toBe('b <call>\n{}b<call>{}');
});

test('a forced call is nothing but the call', () => {
  const { constraint, written } = write(shapes['a forced call']!, '<call>\n{}\n<');
  expect(written).toBe('<call>\n{}\n<');
  expect(constraint.mustEnd).toBe(true);
  expect(write(shapes['a forced call']!, 'b').written).toBe('');
});
