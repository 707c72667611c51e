import type { ForwardBatch, RunnerLimits } from '../../core/model-runner.ts';
import { RunnerError } from './runner-error.ts';

/**
 * Refuses a batch that llama.cpp would take wrongly: with a unified cache it accepts slot numbers above the
 * limit it was made with, and it aborts the process on more rows than its batch holds.
 */
export function checkBatch(batch: ForwardBatch, limits: RunnerLimits): void {
  const { rows } = batch;
  if (!Number.isInteger(rows) || rows < 1 || rows > limits.batchTokensMax) {
    throw new RunnerError(`a batch has 1 to ${limits.batchTokensMax} rows, not ${rows}`);
  }
  const shortest = Math.min(
    batch.tokens.length,
    batch.positions.length,
    batch.slots.length,
    batch.wantLogits.length,
  );
  if (shortest < rows) throw new RunnerError(`a batch of ${rows} rows came with an array of ${shortest}`);
  for (let row = 0; row < rows; row++) {
    checkSlot(batch.slots[row]!, limits.sequencesMax);
    const token = batch.tokens[row]!;
    if (token < 0 || token >= limits.vocabularySize) {
      throw new RunnerError(`row ${row} has token ${token}, outside 0 … ${limits.vocabularySize - 1}`);
    }
  }
}

/**
 * Refuses rows that do not continue their slot: llama.cpp starts an empty sequence anywhere, and says of
 * other gaps only that the batch is bad. `lengthOf` gives the positions a slot holds. `positionsMax` bounds
 * models that look positions up in a table, beyond which llama.cpp would end the process; it is Infinity for
 * others.
 */
export function checkPositions(
  batch: ForwardBatch,
  lengthOf: (slot: number) => number,
  positionsMax: number,
): void {
  const next = new Map<number, number>();
  for (let row = 0; row < batch.rows; row++) {
    const slot = batch.slots[row]!;
    const expected = next.get(slot) ?? lengthOf(slot);
    if (batch.positions[row] !== expected) {
      throw new RunnerError(
        `row ${row} has position ${batch.positions[row]}, but slot ${slot} goes on at ${expected}`,
      );
    }
    if (expected >= positionsMax) {
      throw new RunnerError(
        `slot ${slot} is full: this model knows the positions 0 … ${positionsMax - 1} only`,
      );
    }
    next.set(slot, expected + 1);
  }
}

/** Refuses a slot outside 0 … sequencesMax-1. */
export function checkSlot(slot: number, sequencesMax: number): void {
  if (Number.isInteger(slot) && slot >= 0 && slot < sequencesMax) return;
  throw new RunnerError(`slot ${slot} is outside 0 … ${sequencesMax - 1}`);
}
