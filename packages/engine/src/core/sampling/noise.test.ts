import { expect, test } from 'vitest';
import { createNoiseKey, noiseBits } from './noise.ts';

function draw(seed: number, choice: number, position: number, token: number): number {
  const { a, b } = createNoiseKey(seed, choice, position);
  return noiseBits(a, b, token) / 2 ** 32;
}

const AXES = {
  seed: (i: number) => draw(i, 0, 0, 7),
  'seed beyond 32 bits': (i: number) => draw(i * 2 ** 32 + 5, 0, 0, 7),
  choice: (i: number) => draw(9, i, 0, 7),
  position: (i: number) => draw(9, 0, i, 7),
  token: (i: number) => draw(9, 0, 0, i),
  'position and token': (i: number) => draw(9, 0, Math.floor(i / 200), i % 200),
};

test.each(Object.entries(AXES))(
  'numbers along one axis are uniform and uncorrelated: %s',
  (_name, drawAt) => {
    const draws = 40_000;
    const bins = new Array<number>(64).fill(0);
    const pairs = new Array<number>(64).fill(0);
    let previous = drawAt(0);
    for (let i = 1; i <= draws; i++) {
      const value = drawAt(i);
      expect(value >= 0 && value < 1).toBe(true);
      bins[Math.floor(value * 64)]!++;
      pairs[Math.floor(previous * 8) * 8 + Math.floor(value * 8)]!++;
      previous = value;
    }
    for (const counts of [bins, pairs]) {
      const expected = draws / 64;
      const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
      // 63 degrees of freedom: 99.99 % of good generators stay under 113.
      expect(statistic).toBeLessThan(113);
    }
  },
);
