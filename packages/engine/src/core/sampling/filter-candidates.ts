import type { SamplingOptions } from '../generation.ts';
import { type Candidates, collectTop, keepHeavy, keepUntilMass, weighAll } from './candidates.ts';

/** True if a filter narrows the distribution, so that a mask must be applied to what the filters left. */
export function isFiltering(sampling: SamplingOptions, vocabularySize: number): boolean {
  return (
    hasTopK(sampling, vocabularySize) ||
    sampling.topP < 1 ||
    sampling.minP > 0 ||
    sampling.typicalP < 1 ||
    sampling.mirostatTarget !== null
  );
}

function hasTopK(sampling: SamplingOptions, vocabularySize: number): boolean {
  return sampling.topK > 0 && sampling.topK < vocabularySize;
}

/**
 * Second stage of sampling, for temperature > 0. The order is that of OpenAI-like servers (temperature
 * first); each filter works on the distribution left by the one before, renormalised:
 * temperature, top_k, top_p, min_p, typical_p, mirostat.
 * `mask`: tokens without their bit do not exist. `mirostatMu`: current bound of surprise in bits.
 * False if no token is possible.
 */
export function filterCandidates(
  candidates: Candidates,
  logits: Float32Array,
  sampling: SamplingOptions,
  mirostatMu: number,
  mask: Uint32Array | null,
): boolean {
  const { temperature, topP, minP, typicalP } = sampling;
  if (hasTopK(sampling, logits.length)) {
    if (!collectTop(candidates, logits, temperature, sampling.topK, mask)) return false;
  } else if (!weighAll(candidates, logits, temperature, mask)) return false;
  if (topP < 1) keepNucleus(candidates, topP);
  if (minP > 0) keepHeavy(candidates, minP * largestWeight(candidates));
  if (typicalP < 1) keepTypical(candidates, typicalP);
  if (sampling.mirostatTarget !== null) keepUnsurprising(candidates, mirostatMu);
  return true;
}

function largestWeight(candidates: Candidates): number {
  let largest = 0;
  for (let i = 0; i < candidates.count; i++) largest = Math.max(largest, candidates.weights[i]!);
  return largest;
}

/** Weights above which a nucleus usually lies; tried first, because few tokens are so likely. */
const LIKELY_WEIGHTS = [0.01, 0.0001];

/** top_p: the smallest set of most probable tokens whose mass is at least `topP`. */
function keepNucleus(candidates: Candidates, topP: number): void {
  const { total } = candidates;
  const mass = topP * total;
  const likely = LIKELY_WEIGHTS.find((weight) => sumHeavy(candidates, weight) >= mass);
  // Otherwise: a token lighter than this can't be in it, as all such together weigh less than (1 - topP).
  keepHeavy(candidates, likely ?? ((1 - topP) * total) / candidates.count);
  candidates.keys.set(candidates.weights.subarray(0, candidates.count));
  keepUntilMass(candidates, mass);
}

/** Mass of the candidates at least as heavy as `lightest`. */
function sumHeavy(candidates: Candidates, lightest: number): number {
  const { weights, count } = candidates;
  let sum = 0;
  for (let i = 0; i < count; i++) if (weights[i]! >= lightest) sum += weights[i]!;
  return sum;
}

/** typical_p: tokens whose surprise is closest to the entropy, up to a mass of `typicalP`. */
function keepTypical(candidates: Candidates, typicalP: number): void {
  if (candidates.isDense) keepHeavy(candidates, Number.MIN_VALUE);
  const { weights, keys, count, total } = candidates;
  let entropy = 0;
  for (let i = 0; i < count; i++) {
    const probability = weights[i]! / total;
    if (probability > 0) entropy -= probability * Math.log(probability);
  }
  for (let i = 0; i < count; i++) keys[i] = -Math.abs(-Math.log(weights[i]! / total) - entropy);
  keepUntilMass(candidates, typicalP * total);
}

/** Mirostat 2: tokens whose surprise (bits) is at most `mu`; the most probable one always stays. */
function keepUnsurprising(candidates: Candidates, mu: number): void {
  if (keepHeavy(candidates, candidates.total * 2 ** -mu)) return;
  keepHeavy(candidates, largestWeight(candidates));
}
