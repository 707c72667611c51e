import type { PackedBatch } from '../graph/training-graph.ts';
import type { PackedRow } from './plan-steps.ts';
import type { TokenizedExample } from './tokenize-example.ts';

/** Lengths a graph is built for: a multiple of this, so that few graphs serve all rows. */
const lengthStep = 64;

/** Padded length of a row of so many tokens. */
export function planRowLength(tokens: number): number {
  return Math.ceil(tokens / lengthStep) * lengthStep;
}

/**
 * Lays the examples of one row side by side. `totalWeight` is the sum of weights of the whole optimiser step,
 * so that every supervised token of a step counts the same however the step was cut into rows.
 */
export function packBatch(
  examples: readonly TokenizedExample[],
  row: PackedRow,
  totalWeight: number,
): PackedBatch {
  const used = row.reduce((sum, index) => sum + examples[index]!.tokens.length, 0);
  const length = planRowLength(used);
  const tokens = new Int32Array(length);
  const positions = new Int32Array(length);
  const documents = new Int32Array(length).fill(-1);
  const rows: { position: number; target: number; weight: number }[] = [];
  let at = 0;
  row.forEach((index, document) => {
    const example = examples[index]!;
    tokens.set(example.tokens, at);
    for (let i = 0; i < example.tokens.length; i++) {
      positions[at + i] = i;
      documents[at + i] = document;
      const weight = example.weights[i]!;
      if (weight > 0)
        rows.push({ position: at + i - 1, target: example.tokens[i]!, weight: weight / totalWeight });
    }
    at += example.tokens.length;
  });
  return {
    tokens,
    positions,
    documents,
    rowPositions: Int32Array.from(rows, (entry) => entry.position),
    rowTargets: Int32Array.from(rows, (entry) => entry.target),
    rowWeights: Float32Array.from(rows, (entry) => entry.weight),
  };
}

/** Σ weights of some examples. */
export function sumWeights(examples: readonly TokenizedExample[], indices: Iterable<number>): number {
  let sum = 0;
  for (const index of indices) for (const weight of examples[index]!.weights) sum += weight;
  return sum;
}
