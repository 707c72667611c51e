import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRepetitionGuess } from './repetition-guess.ts';

const ignore = (): void => undefined;

/** What follows the latest earlier occurrence of the last `size` tokens. */
function findNext(text: readonly number[], size: number): number | null {
  for (let end = text.length - 1; end >= size; end--) {
    if (text.slice(end - size, end).join() === text.slice(text.length - size).join()) return text[end]!;
  }
  return null;
}

test('a new guess is what followed the latest earlier occurrence; a right one is kept', () => {
  const textArbitrary = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(textArbitrary, fc.integer({ min: 1, max: 4 }), (text, size) => {
      const tokens = Int32Array.from(text);
      const guess = createRepetitionGuess(size, 0);
      let wasRight = false;
      for (let length = 1; length <= text.length; length++) {
        guess.follow(tokens, length, (isRight) => {
          wasRight = isRight;
        });
        const [proposed] = guess.propose(tokens, length, 1);
        if (!wasRight) expect(proposed ?? null).toBe(findNext(text.slice(0, length), size));
        if (proposed === undefined) wasRight = false;
      }
    }),
    { numRuns: 500 },
  );
});

test('it does not matter in which steps the text grew', () => {
  const textArbitrary = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(textArbitrary, fc.func(fc.boolean()), (text, stops) => {
      const tokens = Int32Array.from(text);
      const [often, once] = [createRepetitionGuess(2, 0), createRepetitionGuess(2, 0)];
      const learned: [boolean[], boolean[]] = [[], []];
      for (let length = 1; length <= text.length; length++) {
        if (stops(length)) often.follow(tokens, length, (isRight) => learned[0].push(isRight));
      }
      often.follow(tokens, text.length, (isRight) => learned[0].push(isRight));
      once.follow(tokens, text.length, (isRight) => learned[1].push(isRight));
      expect(learned[0]).toEqual(learned[1]);
      expect(often.propose(tokens, text.length, 5)).toEqual(once.propose(tokens, text.length, 5));
    }),
  );
});

test('a copy that reaches the end of the text goes on with what it copied', () => {
  const tokens = Int32Array.from([9, 1, 2, 3, 1, 2, 3, 0]);
  const guess = createRepetitionGuess(3, 0);
  guess.follow(tokens, 7, ignore);
  expect(guess.propose(tokens, 7, 7)).toEqual([1, 2, 3, 1, 2, 3, 1]);
});

test('only output tokens count as right or wrong', () => {
  const tokens = Int32Array.from([1, 2, 1, 2, 1, 2, 9]);
  const learned: boolean[] = [];
  createRepetitionGuess(2, 5).follow(tokens, 7, (isRight) => learned.push(isRight));
  expect(learned).toEqual([false]);
});
