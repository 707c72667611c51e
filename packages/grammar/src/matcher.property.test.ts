import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileGrammar } from './compile-grammar.ts';
import type { CompiledGrammar, Matcher } from './contract.ts';
import { GrammarError } from './grammar-error.ts';
import { byteTokens, END_TOKEN, vocabularyOf } from './testing/byte-vocabulary.ts';
import { someSchema } from './testing/some-schema.ts';

/**
 * Tokens that cross the borders of JSON: half a key, a closing with a comma, half a character, white space.
 */
const vocabulary = vocabularyOf([
  ...[
    '"\n',
    '""\n',
    '{"',
    '":',
    '","',
    '"}',
    '"]',
    '[{',
    '}]',
    '}}',
    ', ',
    ': ',
    '\n  ',
    'tr',
    'true',
    'null',
    'false',
  ],
  ...['a', 'ab', 'abc', 'a"', 'b":', '-1', '10', '0.5', '1e', '00', '\\u00', '\\"', 'é', '€', '  '],
]);
const words = Math.ceil(vocabulary.size / 32);
const decoder = new TextDecoder('utf-8', { fatal: true });

function compileOrNull(schema: unknown): CompiledGrammar | null {
  try {
    return compileGrammar({ kind: 'json-schema', schema, closedByDefault: false }, vocabulary);
  } catch (error) {
    if (error instanceof GrammarError) return null;
    throw error;
  }
}

function allowedTokens(matcher: Matcher): number[] {
  const mask = new Uint32Array(words);
  matcher.fillMask(mask);
  const allowed: number[] = [];
  for (let token = 0; token < words * 32; token++) {
    if ((mask[token >> 5]! >>> (token & 31)) & 1) allowed.push(token);
  }
  return allowed;
}

/** Bytes that close something; a walk that leans towards them comes to an end. */
const closing = new Set(byteTokens('"]}').concat(END_TOKEN));

/**
 * Follows allowed tokens, chosen by `choices`, and past those by the first token that closes something. Null
 * if it has not ended after `lengthMax` tokens.
 */
function walk(matcher: Matcher, choices: readonly number[], lengthMax = 400): number[] | null {
  const tokens: number[] = [];
  while (tokens.length < lengthMax) {
    const allowed = allowedTokens(matcher);
    // A grammar that compiles can always go on to an end.
    expect(allowed.length).toBeGreaterThan(0);
    const choice = choices[tokens.length];
    const ends = choice === undefined ? allowed.find((token) => closing.has(token)) : undefined;
    // Where nothing closes, any token may lead there; the position keeps it from going round in circles.
    const token = ends ?? allowed[(choice ?? tokens.length * 7919) % allowed.length]!;
    expect(matcher.accept(token)).toBe(true);
    if (token === END_TOKEN) return tokens;
    tokens.push(token);
  }
  return null;
}

function textOf(tokens: readonly number[]): string {
  return decoder.decode(Uint8Array.from(tokens.flatMap((token) => [...vocabulary.tokenBytes(token)])));
}

const someChoices = fc.array(fc.nat(10_000), { maxLength: 40 });

test('whatever is written under the mask is JSON and satisfies the schema', () => {
  let ended = 0;
  let compiled = 0;
  fc.assert(
    fc.property(someSchema, fc.array(someChoices, { minLength: 2, maxLength: 2 }), (schema, walks) => {
      const grammar = compileOrNull(schema);
      if (grammar === null) return;
      compiled++;
      const validate = new Ajv2020({ strict: false }).compile(schema as object);
      for (const choices of walks) {
        const tokens = walk(grammar.createMatcher(), choices);
        if (tokens === null) continue;
        ended++;
        const text = textOf(tokens);
        if (!validate(JSON.parse(text))) throw new Error(`${text}: ${JSON.stringify(validate.errors)}`);
      }
    }),
    { numRuns: 120 },
  );
  // Else the property would say nothing.
  expect(compiled).toBeGreaterThan(60);
  expect(ended).toBeGreaterThan(compiled);
});

test('the mask holds exactly the tokens that are allowed one by one', () => {
  fc.assert(
    fc.property(someSchema, someChoices, (schema, choices) => {
      const matcher = compileOrNull(schema)?.createMatcher();
      if (matcher === undefined) return;
      for (const choice of choices.slice(0, 12)) {
        const allowed = allowedTokens(matcher);
        const tokens = Array.from({ length: vocabulary.size }, (_, token) => token);
        expect(allowed).toEqual(tokens.filter((token) => matcher.allows(token)));
        expect(allowed.includes(END_TOKEN)).toBe(matcher.canEnd);
        expect(matcher.mustEnd).toBe(matcher.canEnd && allowed.every((token) => token === END_TOKEN));
        const token = allowed[choice % allowed.length]!;
        matcher.accept(token);
        if (token === END_TOKEN) return;
      }
    }),
    { numRuns: 50 },
  );
});

test('tokens taken back leave the matcher as it was before them', () => {
  fc.assert(
    fc.property(someSchema, someChoices, fc.nat(40), (schema, choices, back) => {
      const matcher = compileOrNull(schema)?.createMatcher();
      if (matcher === undefined) return;
      const masks: number[][] = [];
      for (const choice of choices) {
        const allowed = allowedTokens(matcher);
        if (allowed.length === 0) break;
        masks.push(allowed);
        matcher.accept(allowed[choice % allowed.length]!);
      }
      const count = Math.min(back, masks.length);
      const before = allowedTokens(matcher);
      matcher.rollback(count);
      expect(allowedTokens(matcher)).toEqual(count === 0 ? before : masks[masks.length - count]);
      matcher.reset();
      expect(allowedTokens(matcher)).toEqual(masks[0] ?? before);
      expect(() => matcher.rollback(1)).toThrow(GrammarError);
    }),
    { numRuns: 60 },
  );
});

test('forced tokens are each the only way on, up to spelling, and are accepted', () => {
  fc.assert(
    fc.property(someSchema, someChoices, (schema, choices) => {
      const matcher = compileOrNull(schema)?.createMatcher();
      if (matcher === undefined) return;
      for (const choice of choices.slice(0, 12)) {
        const forced = matcher.forcedTokens();
        expect(forced.every((token) => matcher.accept(token))).toBe(true);
        matcher.rollback(forced.length);
        const allowed = allowedTokens(matcher);
        if (allowed.length === 0) return;
        matcher.accept(allowed[choice % allowed.length]!);
      }
    }),
    { numRuns: 40 },
  );
});

test('a token outside of the vocabulary is not accepted and changes nothing', () => {
  const matcher = compileOrNull({ type: 'boolean' })!.createMatcher();
  for (const token of [-1, vocabulary.size, Number.NaN]) expect(matcher.accept(token)).toBe(false);
  expect(walk(matcher, [])).not.toBeNull();
});

/** The keywords a schema may have, with values that need not make sense. */
const wrongSchema = fc.dictionary(
  fc.constantFrom(
    ...['type', 'enum', 'const', 'properties', 'required', 'items', 'prefixItems', 'pattern', 'minLength'],
    ...[
      'maxLength',
      'minimum',
      'multipleOf',
      'anyOf',
      'oneOf',
      'allOf',
      'not',
      'if',
      'then',
      '$ref',
      '$defs',
    ],
    ...['$id', 'format', 'contains', 'dependentSchemas', 'patternProperties', 'additionalProperties'],
    ...['unevaluatedProperties', 'propertyNames', 'minItems', '$schema', '$anchor', '$dynamicRef'],
  ),
  fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('object', 'string', '#', '#/$defs/a', '(', '[a', 1, -1, 1.5, true, {}, [{}], { a: {} }),
  ),
  { maxKeys: 5 },
);

test('a schema of arbitrary JSON never causes anything but a GrammarError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), wrongSchema), fc.boolean(), (schema, strict) => {
      try {
        const matcher = compileGrammar({ kind: 'json-schema', schema, strict }, vocabulary).createMatcher();
        walk(matcher, [1, 2, 3], 8);
      } catch (error) {
        if (!(error instanceof GrammarError)) throw error;
      }
    }),
    { numRuns: 400 },
  );
});
