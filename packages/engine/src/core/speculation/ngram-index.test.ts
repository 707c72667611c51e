import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyContinuation, NgramIndex } from './ngram-index.ts';

test('the index finds the latest earlier occurrence, however the text grew', () => {
  const textArbitrary = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(textArbitrary, fc.integer({ min: 1, max: 4 }), fc.func(fc.boolean()), (text, size, asks) => {
      const tokens = Int32Array.from(text);
      const index = new NgramIndex(size);
      for (let length = 1; length <= text.length; length++) {
        if (!asks(length) && length < text.length) continue;
        expect(index.findContinuation(tokens, length)).toBe(findLatest(text.slice(0, length), size));
      }
    }),
    { numRuns: 500 },
  );
});

function findLatest(text: readonly number[], size: number): number {
  for (let end = text.length - 1; end >= size; end--) {
    if (text.slice(end - size, end).join() === text.slice(text.length - size).join()) return end;
  }
  return -1;
}

test('a copy that reaches the end of the text goes on with what it copied', () => {
  const tokens = Int32Array.from([9, 1, 2, 3, 1, 2, 3, 0]);
  expect(copyContinuation(tokens, 7, 4, 7)).toEqual([1, 2, 3, 1, 2, 3, 1]);
  expect(copyContinuation(tokens, 7, 1, 2)).toEqual([1, 2]);
});
