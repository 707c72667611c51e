import type { TokenizedExample } from '../../packages/trainer/src/data/tokenize-example.ts';

/** The same work for every contestant: one document a step, the second half of which is learned. */
export const tokensPerStep = 128;
export const rank = 8;
export const alpha = 16;
export const learningRate = 1e-4;

/** A document whose ids all models have. */
export const example: TokenizedExample = {
  tokens: Int32Array.from({ length: tokensPerStep }, (_, index) => 1000 + ((index * 7919) % 9000)),
  weights: Float32Array.from({ length: tokensPerStep }, (_, index) => (index >= tokensPerStep / 2 ? 1 : 0)),
};

/** A trained step: its loss before the update, and what it cost. */
export interface StepCost {
  readonly loss: number;
  readonly cpuSeconds: number;
  /** Largest resident memory so far, less what the contestant holds without needing it. */
  readonly peakBytes: number;
}

/** Runs one step on this process's clock. `spareBytes`: see StepCost. */
export async function measureStep(step: () => Promise<number>, spareBytes: number): Promise<StepCost> {
  const before = process.cpuUsage();
  const loss = await step();
  const { user, system } = process.cpuUsage(before);
  const peakBytes = process.resourceUsage().maxRSS * 1024 - spareBytes;
  return { loss, cpuSeconds: (user + system) / 1e6, peakBytes };
}
