import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinHeadPairs, splitHeadPairs } from './head-order.ts';

describe('the order of rows in query and key heads', () => {
  it('turns pairs into halves head by head', () => {
    const pairs = Float32Array.from([0, 1, 2, 3, 10, 11, 12, 13]);
    expect([...splitHeadPairs(pairs, 2, 4, 1)]).toEqual([0, 2, 1, 3, 10, 12, 11, 13]);
  });

  it('comes back the same both ways', () => {
    const sizes = fc.record({ heads: fc.integer({ min: 1, max: 4 }), half: fc.integer({ min: 1, max: 8 }) });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 5 }), ({ heads, half }, columns) => {
        const values = Float32Array.from({ length: heads * half * 2 * columns }, (_, i) => i);
        const split = splitHeadPairs(values, heads, half * 2, columns);
        expect(joinHeadPairs(split, heads, half * 2, columns)).toEqual(values);
        expect([...split].sort((a, b) => a - b)).toEqual([...values]);
      }),
    );
  });
});
