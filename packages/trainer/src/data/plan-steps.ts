import type { TokenizedExample } from './tokenize-example.ts';

/** Examples of one forward pass, by index, laid out one after the other. */
export type PackedRow = readonly number[];

/** One optimiser step: rows whose gradients are added up. */
export interface StepPlan {
  readonly epoch: number;
  readonly rows: readonly PackedRow[];
}

export interface PackingOptions {
  /** May be a fraction. */
  readonly epochs: number;
  readonly seed: number;
  /** Tokens of one micro-batch; an example is never split, so a step holds at least one. */
  readonly batchTokens: number;
  /** Micro-batches of one optimiser step. */
  readonly accumulationSteps: number;
  /** Tokens of one forward pass: bounds memory (attention is quadratic in it). */
  readonly rowTokens: number;
}

/**
 * The whole run, planned before it starts: the same seed gives the same order to every engine and to a
 * resumed run. Each epoch is its own permutation; a last fraction of an epoch takes its first steps, rounded
 * up.
 */
export function planSteps(examples: readonly TokenizedExample[], options: PackingOptions): StepPlan[] {
  const steps: StepPlan[] = [];
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const order = shuffle(examples.length, options.seed + epoch);
    const all = packEpoch(examples, order, options).map((rows) => ({ epoch, rows }));
    const share = Math.min(1, options.epochs - epoch);
    steps.push(...all.slice(0, Math.ceil(all.length * share)));
  }
  return steps;
}

function packEpoch(
  examples: readonly TokenizedExample[],
  order: readonly number[],
  options: PackingOptions,
): PackedRow[][] {
  const length = (index: number): number => examples[index]!.tokens.length;
  const batches = packSequence(order, length, options.batchTokens);
  const steps: PackedRow[][] = [];
  for (let from = 0; from < batches.length; from += options.accumulationSteps) {
    const indices = batches.slice(from, from + options.accumulationSteps).flat();
    steps.push(packSequence(indices, length, options.rowTokens));
  }
  return steps;
}

/**
 * Cuts a sequence into runs of at most `tokensMax` tokens, in order; a longer example gets a run of its own.
 */
function packSequence(
  indices: readonly number[],
  length: (index: number) => number,
  tokensMax: number,
): number[][] {
  const runs: number[][] = [];
  let room = 0;
  for (const index of indices) {
    const size = length(index);
    if (size > room || runs.length === 0) {
      runs.push([]);
      room = tokensMax;
    }
    runs.at(-1)!.push(index);
    room -= size;
  }
  return runs;
}

/** A seeded permutation of 0 … size-1 (Fisher-Yates over a 32-bit generator). */
export function shuffle(size: number, seed: number): number[] {
  const order = Array.from({ length: size }, (_, i) => i);
  const random = createRandom(seed);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** mulberry32: uniform in [0, 1), the same on every machine. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Examples set apart for evaluation when the job asks for it: a tenth, at most 100, never all of them. */
export function planCarveOut(size: number): number {
  const count = Math.min(Math.floor(size / 10), 100);
  return count >= size ? 0 : count;
}
