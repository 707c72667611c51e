import { expect, test } from 'vitest';
import type { ForwardBatch } from '../../core/model-runner.ts';
import { checkPositions } from './check-batch.ts';

function makeBatch(slots: readonly number[], positions: readonly number[]): ForwardBatch {
  return {
    adapter: null,
    rows: slots.length,
    tokens: new Int32Array(slots.length),
    positions: Int32Array.from(positions),
    slots: Int32Array.from(slots),
    wantLogits: new Uint8Array(slots.length),
  };
}

test('rows go on where their slot ends, each slot on its own', () => {
  const lengths = [3, 0];
  const check = (batch: ForwardBatch, positionsMax = Infinity) =>
    checkPositions(batch, (slot) => lengths[slot]!, positionsMax);
  expect(() => check(makeBatch([0, 1, 0, 1], [3, 0, 4, 1]))).not.toThrow();
  expect(() => check(makeBatch([0, 0], [3, 5]))).toThrow('row 1 has position 5, but slot 0 goes on at 4');
  expect(() => check(makeBatch([1], [1]))).toThrow('slot 1 goes on at 0');
  expect(() => check(makeBatch([0], [2]))).toThrow('slot 0 goes on at 3');
  expect(() => check(makeBatch([0, 0], [3, 4]), 4)).toThrow('knows the positions 0 … 3 only');
});
