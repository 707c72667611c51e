import type { SamplingOptions } from '../generation.ts';
import { type Candidates, collectHead, collectTop, keepUntilMass, keepWhere, sumTail } from './candidates.ts';

/** ln(vocabulary) + this: how far below the best token the head reaches; the tail then weighs under e^-5 of it. */
const HEAD_MARGIN = 5;

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
 * Second stage of sampling, for temperature > 0. The order is that of OpenAI-like servers (temperature first); each
 * filter works on the distribution left by the one before, renormalised:
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
  } else {
    const depth = headDepth(sampling, logits.length);
    if (!collectHead(candidates, logits, temperature, depth, mask)) return false;
  }
  if (topP < 1) keepNucleus(candidates, logits, temperature, topP, mask);
  if (minP > 0) keepAboveMinimum(candidates, minP);
  if (typicalP < 1) keepTypical(candidates, typicalP);
  if (sampling.mirostatTarget !== null) keepUnsurprising(candidates, mirostatMu);
  return true;
}

/** How far down candidates must be listed for the filters to be exact. */
function headDepth(sampling: SamplingOptions, vocabularySize: number): number {
  const { topP, minP } = sampling;
  if (topP === 1 && minP > 0) return -Math.log(minP) + 1e-9;
  if (topP === 1 && (sampling.typicalP < 1 || sampling.mirostatTarget !== null))
    return Number.POSITIVE_INFINITY;
  return Math.log(vocabularySize) + HEAD_MARGIN;
}

/** top_p: the smallest set of most probable tokens whose mass is at least `topP`. */
function keepNucleus(
  candidates: Candidates,
  logits: Float32Array,
  temperature: number,
  topP: number,
  mask: Uint32Array | null,
): void {
  let whole = candidates.total + candidates.tailBound;
  if (candidates.tailBound > 0) {
    whole = candidates.total + sumTail(candidates, logits, temperature, mask);
    // The nucleus reaches below the head (top_p next to 1, or a flat distribution): list everything.
    if (topP * whole > candidates.total) {
      collectHead(candidates, logits, temperature, Number.POSITIVE_INFINITY, mask);
      whole = candidates.total;
    }
    candidates.tailBound = 0;
  }
  // No token lighter than this can be in the nucleus: all lighter ones together weigh less than (1 - topP).
  const lightest = ((1 - topP) * whole) / logits.length;
  keepWhere(candidates, (_token, weight) => weight >= lightest);
  candidates.keys.set(candidates.weights.subarray(0, candidates.count));
  keepUntilMass(candidates, topP * whole);
}

/** min_p: tokens at least `minP` times as probable as the most probable one. */
function keepAboveMinimum(candidates: Candidates, minP: number): void {
  let max = 0;
  for (let i = 0; i < candidates.count; i++) max = Math.max(max, candidates.weights[i]!);
  keepWhere(candidates, (_token, weight) => weight >= minP * max);
  candidates.tailBound = 0;
}

/** typical_p: tokens whose surprise is closest to the entropy, up to a mass of `typicalP`. */
function keepTypical(candidates: Candidates, typicalP: number): void {
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
  const lightest = candidates.total * 2 ** -mu;
  if (keepWhere(candidates, (_token, weight) => weight >= lightest)) return;
  let max = 0;
  for (let i = 0; i < candidates.count; i++) max = Math.max(max, candidates.weights[i]!);
  keepWhere(candidates, (_token, weight) => weight === max);
}
