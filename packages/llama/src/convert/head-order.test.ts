import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairHeadRows, splitHeadRows } from './head-order.ts';

describe('the order of rows in query and key heads', () => {
  it('turns pairs into halves head by head', () => {
    const pairs = Uint8Array.from([0, 1, 2, 3, 10, 11, 12, 13]);
    expect([...splitHeadRows(pairs, 2, 1)]).toEqual([0, 2, 1, 3, 10, 12, 11, 13]);
  });

  it('comes back the same both ways', () => {
    const sizes = fc.record({ heads: fc.integer({ min: 1, max: 4 }), half: fc.integer({ min: 1, max: 8 }) });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 5 }), ({ heads, half }, rowBytes) => {
        const data = Uint8Array.from({ length: heads * half * 2 * rowBytes }, (_, i) => i);
        expect(pairHeadRows(splitHeadRows(data, heads, rowBytes), heads, rowBytes)).toEqual(data);
        expect(splitHeadRows(pairHeadRows(data, heads, rowBytes), heads, rowBytes)).toEqual(data);
      }),
    );
  });
});
