import { expect, test } from 'vitest';
import { compileGrammar } from '../compile-grammar.ts';
import { acceptsText } from '../testing/accepts-text.ts';
import { vocabularyOf } from '../testing/byte-vocabulary.ts';

function accepts(schema: unknown, text: string): boolean {
  return acceptsText(compileGrammar({ kind: 'json-schema', schema }, vocabularyOf()), text);
}

test('digits come to an end', () => {
  expect(accepts({ type: 'integer' }, '9'.repeat(24))).toBe(true);
  expect(accepts({ type: 'integer' }, '9'.repeat(25))).toBe(false);
  expect(accepts({ type: 'number' }, `0.${'1'.repeat(24)}`)).toBe(true);
  expect(accepts({ type: 'number' }, `0.${'1'.repeat(25)}`)).toBe(false);
  expect(accepts({ type: 'number' }, '1e0000')).toBe(false);
});

test('every number that may be written is finite, and 0 only where 0 is meant', () => {
  expect(accepts({ type: 'number' }, `${'9'.repeat(24)}e284`)).toBe(true);
  expect(accepts({ type: 'number' }, '1e308')).toBe(false);
  expect(accepts({ exclusiveMinimum: 0 }, `0.${'0'.repeat(23)}1e-284`)).toBe(true);
  expect(accepts({ exclusiveMinimum: 0 }, '1e-330')).toBe(false);
});

test('what holds for the digits holds for the double that is read', () => {
  expect(accepts({ type: 'number', exclusiveMaximum: 1 }, '0.99999999999999')).toBe(true);
  expect(accepts({ type: 'number', exclusiveMaximum: 1 }, '0.99999999999999999999')).toBe(false);
  expect(accepts({ exclusiveMaximum: 1000000, minimum: 0 }, '999999.99999999')).toBe(true);
  expect(accepts({ exclusiveMaximum: 1000000, minimum: 0 }, '999999.999999999999')).toBe(false);
  expect(accepts({ type: 'integer', multipleOf: 7 }, '438366873344444427987730')).toBe(false);
  expect(accepts({ type: 'integer', multipleOf: 7 }, '700000000000007')).toBe(true);
  expect(accepts({ type: 'number', not: { type: 'integer' } }, '1234567890.5')).toBe(true);
  expect(accepts({ type: 'number', not: { type: 'integer' } }, '123456789012345678901.5')).toBe(false);
});
