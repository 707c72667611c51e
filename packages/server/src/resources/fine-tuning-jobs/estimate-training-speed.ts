/** Of each token, forth and back: the frozen weights twice, at two operations each. */
const operationsPerParameter = 4;
/** Of smaller models the rest of a step takes longer than the products. */
const parametersMin = 1e6;
/**
 * How much of a product's speed a whole step reaches. Measured with SmolLM2-135M: 142 tokens a second are 76
 * of the thread's 130 GFLOP/s; attention of longer rows takes some of it.
 */
const stepShare = 0.5;

/** Tokens a second that a job would train, from what the processor was measured to compute. Pure. */
export function estimateTrainingSpeed(host: {
  /** In matrix products. */
  readonly flopsPerThread: number;
  readonly threads: number;
  /** Of the base model. */
  readonly parameters: number;
}): number {
  const operations = operationsPerParameter * Math.max(parametersMin, host.parameters);
  return (stepShare * host.flopsPerThread * host.threads) / operations;
}
