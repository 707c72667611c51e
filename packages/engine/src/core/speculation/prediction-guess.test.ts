import { expect, test } from 'vitest';
import { createPredictionGuess } from './prediction-guess.ts';

const encode = (text: string): number[] => [...new TextEncoder().encode(text)];

function follow(prediction: string, output: string) {
  const guess = createPredictionGuess(encode(prediction), 3, 6);
  const tokens = Int32Array.from(encode(`prompt${output}`));
  let learned = '';
  guess.follow(tokens, tokens.length, (isRight) => {
    learned += isRight ? '+' : '-';
  });
  return { next: String.fromCharCode(...guess.propose(tokens, tokens.length, 6)), learned };
}

test('before any output the prediction begins', () => {
  expect(follow('function add(a, b)', '')).toEqual({ next: 'functi', learned: '' });
});

test('while the output agrees the cursor follows it to the end', () => {
  expect(follow('function add(a, b)', 'function ')).toEqual({ next: 'add(a,', learned: '+++++++++' });
  expect(follow('abc', 'ab').next).toBe('c');
  expect(follow('abc', 'abcd')).toEqual({ next: '', learned: '+++' });
});

test('after an edit the place is found again behind the next run of three', () => {
  expect(follow('const x = 1;', 'const y')).toEqual({ next: '', learned: '++++++-' });
  expect(follow('const x = 1; done', 'const y = 1;')).toEqual({ next: ' done', learned: '++++++-++' });
});

test('a place is told with the tokens that it was found by', () => {
  const guess = createPredictionGuess(encode('let a = one(); let b = two(); end'), 3, 0);
  const found: number[] = [];
  // Behind the change only the run itself is alike; behind a leap back all that is repeated is.
  for (const [output, length] of [
    ['let X = ', 8],
    ['let X = one(); let a = one(', 27],
  ] as const) {
    const tokens = Int32Array.from(encode(output));
    guess.follow(
      tokens,
      length,
      () => undefined,
      (sameTokens) => found.push(sameTokens),
    );
  }
  expect(found[0]).toBe(3);
});

test('something wrapped around the prediction does not matter', () => {
  expect(follow('{"a": 1}', '```json\n{"a').next).toBe('": 1}');
});

test('of several places the next one after the cursor is taken', () => {
  expect(follow('one: abc1 two: abc2 three: abc3', 'one: abc1 TWO: abc').next).toBe('2 thre');
});
