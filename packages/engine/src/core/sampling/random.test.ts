import { expect, test } from 'vitest';
import { drawUniform } from './random.ts';

const AXES = {
  seed: (i: number) => drawUniform(i, 0, 0, 0),
  choice: (i: number) => drawUniform(9, i, 0, 0),
  position: (i: number) => drawUniform(9, 0, i, 0),
  'seed beyond 32 bits': (i: number) => drawUniform(i * 2 ** 32 + 5, 0, 0, 0),
};

test.each(Object.entries(AXES))('numbers along one axis are uniform and uncorrelated: %s', (_name, draw) => {
  const draws = 40_000;
  const bins = new Array<number>(64).fill(0);
  const pairs = new Array<number>(64).fill(0);
  let previous = draw(0);
  for (let i = 1; i <= draws; i++) {
    const value = draw(i);
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
});
