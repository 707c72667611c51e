import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGrammar } from '../compile-grammar.ts';
import type { Matcher } from '../contract.ts';
import { GrammarError } from '../grammar-error.ts';
import { acceptsText } from '../testing/accepts-text.ts';
import { END_TOKEN, vocabularyOf } from '../testing/byte-vocabulary.ts';
import { createGbnfOracle } from '../testing/gbnf-oracle.ts';

const vocabulary = vocabularyOf(['ab', 'ba', 'aab', 'é', 'bé', '😀a', 'abc', '\n', 'a\nb', '-a']);

/** A grammar of a few rules over a few characters, recursion of all kinds included. */
const someGrammar = fc.letrec<{ atom: string; item: string; sequence: string; choice: string }>((tie) => ({
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(
      '"a"',
      '"b"',
      '"ab"',
      '"é"',
      '"\\n"',
      '""',
      '[ab]',
      '[^a]',
      '[a-cé]',
      '.',
      '"\\U0001F600"',
    ),
    fc.constantFrom('one', 'two', 'root'),
    tie('choice').map((choice) => `(${choice})`),
  ),
  item: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{,2}', '{2,}'))
    .map(([atom, counts]) => atom + counts),
  sequence: fc.array(tie('item'), { minLength: 1, maxLength: 3 }).map((items) => items.join(' ')),
  choice: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((items) => items.join(' | ')),
})).choice;
const someRules = fc
  .tuple(someGrammar, someGrammar, someGrammar)
  .map(([root, one, two]) => `root ::= ${root}\none ::= ${one}\ntwo ::= ${two}`);
const someText = fc
  .array(fc.constantFrom('a', 'b', 'c', 'é', '\n', '😀', '-'), { maxLength: 7 })
  .map((chars) => chars.join(''));

function compileOrNull(text: string) {
  try {
    return compileGrammar({ kind: 'gbnf', text }, vocabulary);
  } catch (error) {
    // Such as a rule that never ends.
    if (error instanceof GrammarError) return null;
    throw error;
  }
}

function allowedTokens(matcher: Matcher): number[] {
  const mask = new Uint32Array(Math.ceil(vocabulary.size / 32));
  matcher.fillMask(mask);
  return Array.from({ length: vocabulary.size }, (_, token) => token).filter(
    (token) => ((mask[token >> 5]! >>> (token & 31)) & 1) === 1,
  );
}

test('a random grammar accepts the texts that an independent matcher accepts, and no others', () => {
  let compiled = 0;
  let accepted = 0;
  fc.assert(
    fc.property(someRules, fc.array(someText, { minLength: 12, maxLength: 12 }), (rules, texts) => {
      const grammar = compileOrNull(rules);
      if (grammar === null) return;
      compiled++;
      const oracle = createGbnfOracle(rules);
      for (const text of texts) {
        const expected = oracle(text);
        if (expected) accepted++;
        expect([text, acceptsText(grammar, text)]).toEqual([text, expected]);
      }
    }),
    { numRuns: 250 },
  );
  // Else the property would say nothing.
  expect(compiled).toBeGreaterThan(120);
  expect(accepted).toBeGreaterThan(120);
});

test('a grammar built from random strings accepts exactly them', () => {
  const strings = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 5 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(strings, fc.array(fc.string({ unit: 'binary', maxLength: 5 })), (texts, others) => {
      const rules = texts.map(quote).join(' | ');
      const grammar = compileGrammar({ kind: 'gbnf', text: `root ::= ${rules}` }, vocabulary);
      const shorter = texts.map((text) => [...text].slice(0, -1).join(''));
      for (const text of [...texts, ...others, ...shorter, ...texts.map((text) => `${text}a`)]) {
        expect([text, acceptsText(grammar, text)]).toEqual([text, texts.includes(text)]);
      }
    }),
    { numRuns: 100 },
  );
});

function quote(text: string): string {
  const codes = [...text].map((char) => char.codePointAt(0)!.toString(16).padStart(8, '0'));
  return `"${codes.map((code) => `\\U${code}`).join('')}"`;
}

test('mask, single tokens, forced tokens, end and rollback agree', () => {
  fc.assert(
    fc.property(someRules, fc.array(fc.nat(1000), { maxLength: 10 }), fc.nat(10), (rules, choices, back) => {
      const matcher = compileOrNull(rules)?.createMatcher();
      if (matcher === undefined) return;
      const masks: number[][] = [];
      for (const choice of choices) {
        const allowed = allowedTokens(matcher);
        const tokens = Array.from({ length: vocabulary.size }, (_, token) => token);
        expect(allowed).toEqual(tokens.filter((token) => matcher.allows(token)));
        expect(allowed.includes(END_TOKEN)).toBe(matcher.canEnd);
        expect(matcher.mustEnd).toBe(matcher.canEnd && allowed.length === 1);
        const forced = matcher.forcedTokens();
        expect(forced.every((token) => matcher.accept(token))).toBe(true);
        matcher.rollback(forced.length);
        expect(allowedTokens(matcher)).toEqual(allowed);
        const token = allowed[choice % allowed.length];
        if (token === undefined || token === END_TOKEN) break;
        masks.push(allowed);
        expect(matcher.accept(token)).toBe(true);
      }
      const count = Math.min(back, masks.length);
      if (count === 0) return;
      matcher.rollback(count);
      expect(allowedTokens(matcher)).toEqual(masks[masks.length - count]);
    }),
    { numRuns: 100 },
  );
});
