import { expect, test } from 'vitest';
import { PredictionCursor } from './prediction-cursor.ts';

const encode = (text: string): number[] => [...new TextEncoder().encode(text)];

function propose(prediction: string, output: string, count = 6): string {
  const cursor = new PredictionCursor(encode(prediction), 3);
  const tokens = Int32Array.from(encode(`prompt${output}`));
  return String.fromCharCode(...cursor.propose(tokens, 6, tokens.length, count));
}

test('before any output the prediction begins', () => {
  expect(propose('function add(a, b)', '')).toBe('functi');
});

test('while the output agrees the cursor follows it to the end', () => {
  expect(propose('function add(a, b)', 'function ')).toBe('add(a,');
  expect(propose('abc', 'ab')).toBe('c');
  expect(propose('abc', 'abc')).toBe('');
});

test('after an edit the cursor is found again behind the next run of three', () => {
  expect(propose('const x = 1;', 'const y')).toBe('');
  expect(propose('const x = 1; done', 'const y = ')).toBe('1; don');
});

test('a wrapping around the prediction does not matter', () => {
  expect(propose('{"a": 1}', '```json\n{"a')).toBe('": 1}');
});

test('of several places the next one after the cursor is taken', () => {
  expect(propose('one: abc1 two: abc2 three: abc3', 'one: abc1 TWO: abc')).toBe('2 thre');
});
