import type { SamplingOptions } from '../generation.ts';

/**
 * The filtered distribution, written down as plainly as possible: sort everything, renormalise after each
 * filter.
 * `allowed`: tokens that exist. Returns a probability per token.
 */
export function computeReferenceDistribution(
  logits: readonly number[],
  sampling: SamplingOptions,
  mirostatMu: number,
  allowed: (token: number) => boolean = () => true,
): number[] {
  let kept = logits
    .map((logit, token) => ({ token, weight: Math.exp(logit / sampling.temperature) }))
    .filter(({ token, weight }) => weight > 0 && allowed(token));
  const byWeight = (): void => {
    kept.sort((a, b) => b.weight - a.weight || a.token - b.token);
  };
  const total = (): number => kept.reduce((sum, { weight }) => sum + weight, 0);
  const takeMass = (share: number): void => {
    const mass = share * total();
    let sum = 0;
    let count = 0;
    while (count < kept.length && (count === 0 || sum < mass)) sum += kept[count++]!.weight;
    kept = kept.slice(0, count);
  };
  byWeight();
  if (sampling.topK > 0) kept = kept.slice(0, sampling.topK);
  if (sampling.topP < 1) takeMass(sampling.topP);
  if (sampling.minP > 0) kept = kept.filter(({ weight }) => weight >= sampling.minP * kept[0]!.weight);
  if (sampling.typicalP < 1) {
    const whole = total();
    const entropy = kept.reduce((sum, { weight: w }) => sum - (w / whole) * Math.log(w / whole), 0);
    const oddity = (weight: number): number => Math.abs(-Math.log(weight / whole) - entropy);
    kept.sort((a, b) => oddity(a.weight) - oddity(b.weight));
    takeMass(sampling.typicalP);
    byWeight();
  }
  if (sampling.mirostatTarget !== null) {
    const whole = total();
    const unsurprising = kept.filter(({ weight }) => -Math.log2(weight / whole) <= mirostatMu);
    kept = unsurprising.length > 0 ? unsurprising : kept.slice(0, 1);
  }
  const whole = total();
  const probabilities = logits.map(() => 0);
  for (const { token, weight } of kept) probabilities[token] = weight / whole;
  return probabilities;
}

/**
 * How far counts are from probabilities: the chi-square statistic in standard deviations above what chance
 * gives (bins of few expected hits are pooled). Under 4 if they agree; a wrong distribution gives tens or
 * hundreds.
 */
export function measureMisfit(counts: readonly number[], probabilities: readonly number[]): number {
  const draws = counts.reduce((sum, count) => sum + count, 0);
  let statistic = 0;
  let bins = 0;
  let pooled = { expected: 0, count: 0 };
  probabilities.forEach((probability, token) => {
    pooled = { expected: pooled.expected + draws * probability, count: pooled.count + counts[token]! };
    if (pooled.expected < 8) return;
    statistic += (pooled.count - pooled.expected) ** 2 / pooled.expected;
    bins++;
    pooled = { expected: 0, count: 0 };
  });
  const degrees = Math.max(1, bins - 1);
  return (statistic - degrees) / Math.sqrt(2 * degrees);
}
