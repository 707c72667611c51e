import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStopMatcher } from './stop-matcher.ts';

/** Few letters, so that stop strings really occur and overlap. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', '€'), maxLength: 30 });
const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '€'), minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 3,
});

function run(whole: string, sizes: readonly number[], wanted: readonly string[], exclude: boolean) {
  const matcher = createStopMatcher(wanted, exclude);
  let shown = '';
  for (let place = 0, turn = 0; place < whole.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    const result = matcher.push(whole.slice(place, place + size));
    shown += result.text;
    if (result.stop !== null) return { shown, stop: result.stop };
    place += size;
  }
  return { shown: shown + matcher.end(), stop: null };
}

describe.each([
  ['included', false],
  ['excluded', true],
])('with the stop string %s', (_, exclude) => {
  test('any cutting gives the same text and the same stop', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 });
    fc.assert(
      fc.property(text, sizes, stops, (whole, cuts, wanted) => {
        expect(run(whole, cuts, wanted, exclude)).toEqual(run(whole, [1000], wanted, exclude));
      }),
    );
  });

  test('the text ends at the stop string that is complete first', () => {
    fc.assert(
      fc.property(text, stops, (whole, wanted) => {
        const { shown, stop } = run(whole, [1], wanted, exclude);
        if (stop === null) {
          expect(shown).toBe(whole);
          for (const candidate of wanted) expect(whole).not.toContain(candidate);
          return;
        }
        const ended = exclude ? shown + stop : shown;
        expect(whole.startsWith(ended)).toBe(true);
        expect(ended.endsWith(stop)).toBe(true);
        for (const candidate of wanted) expect(ended.slice(0, -1)).not.toContain(candidate);
      }),
    );
  });
});

test('an included stop string is never held back', () => {
  const matcher = createStopMatcher(['END'], false);
  expect(matcher.push('xE').text).toBe('xE');
  expect(matcher.push('ND and more')).toEqual({ text: 'ND', stop: 'END' });
});

test('an excluded stop string is held back only as long as it may still come', () => {
  const matcher = createStopMatcher(['END'], true);
  expect(matcher.push('xE').text).toBe('x');
  expect(matcher.push('A').text).toBe('EA');
  expect(matcher.push('EN').text).toBe('');
  expect(matcher.end()).toBe('EN');
});
