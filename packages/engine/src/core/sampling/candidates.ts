import { buildHeap, popHeap, replaceRoot } from './heap.ts';

/**
 * Candidates for the next token, with weights relative to the most probable one. The arrays are as long as the
 * vocabulary and reused for every token, so that sampling allocates nothing.
 */
export class Candidates {
  readonly tokens: Int32Array;
  /** exp((logit - maxLogit) / temperature) */
  readonly weights: Float64Array;
  /** Scratch for selections. */
  readonly keys: Float64Array;
  count = 0;
  /** Sum of the candidates' weights. */
  total = 0;
  /** Largest logit among allowed tokens, in logit units. */
  maxLogit = 0;
  /** Tokens with smaller logits are not listed although no filter removed them … */
  cutoff = Number.NEGATIVE_INFINITY;
  /** … their weights sum up to at most this. 0: nothing was left out. */
  tailBound = 0;

  constructor(vocabularySize: number) {
    this.tokens = new Int32Array(vocabularySize);
    this.weights = new Float64Array(vocabularySize);
    this.keys = new Float64Array(vocabularySize);
  }
}

function isMasked(mask: Uint32Array | null, token: number): boolean {
  return mask !== null && (mask[token >> 5]! & (1 << (token & 31))) === 0;
}

/**
 * Lists the tokens whose weight is at least exp(-depth); the rest becomes the tail. A vocabulary of 49k tokens has a
 * few hundred within depth 16, and exp() is what costs: two passes of comparisons and few exponentials.
 * False if no token is possible.
 */
export function collectHead(
  candidates: Candidates,
  logits: Float32Array,
  temperature: number,
  depth: number,
  mask: Uint32Array | null,
): boolean {
  const size = logits.length;
  let max = Number.NEGATIVE_INFINITY;
  for (let token = 0; token < size; token++) {
    if (logits[token]! > max && !isMasked(mask, token)) max = logits[token]!;
  }
  candidates.count = 0;
  if (max === Number.NEGATIVE_INFINITY) return false;
  const cutoff = depth === Number.POSITIVE_INFINITY ? Number.NEGATIVE_INFINITY : max - depth * temperature;
  const { tokens, weights } = candidates;
  let count = 0;
  let total = 0;
  for (let token = 0; token < size; token++) {
    const logit = logits[token]!;
    if (!(logit >= cutoff) || logit === Number.NEGATIVE_INFINITY || isMasked(mask, token)) continue;
    const weight = Math.exp((logit - max) / temperature);
    tokens[count] = token;
    weights[count] = weight;
    total += weight;
    count++;
  }
  candidates.count = count;
  candidates.total = total;
  candidates.maxLogit = max;
  candidates.cutoff = cutoff;
  candidates.tailBound = cutoff === Number.NEGATIVE_INFINITY ? 0 : (size - count) * Math.exp(-depth);
  return true;
}

/** Lists the `k` tokens with the largest logits (smaller ids win ties). False if no token is possible. */
export function collectTop(
  candidates: Candidates,
  logits: Float32Array,
  temperature: number,
  k: number,
  mask: Uint32Array | null,
): boolean {
  const { tokens, weights, keys } = candidates;
  const carried = [tokens];
  let count = 0;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (count === k && !(logit > -keys[0]!)) continue;
    if (!(logit > Number.NEGATIVE_INFINITY) || isMasked(mask, token)) continue;
    if (count < k) {
      tokens[count] = token;
      keys[count] = -logit;
      count++;
      if (count === k) buildHeap(keys, k, carried);
    } else {
      tokens[0] = token;
      replaceRoot(keys, -logit, k, carried);
    }
  }
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) if (-keys[i]! > max) max = -keys[i]!;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const weight = Math.exp((-keys[i]! - max) / temperature);
    weights[i] = weight;
    total += weight;
  }
  candidates.count = count;
  candidates.total = total;
  candidates.maxLogit = max;
  candidates.cutoff = Number.NEGATIVE_INFINITY;
  candidates.tailBound = 0;
  return count > 0;
}

/** Exact weight of the tail: one pass of exponentials over it. Rarely needed. */
export function sumTail(
  candidates: Candidates,
  logits: Float32Array,
  temperature: number,
  mask: Uint32Array | null,
): number {
  const { cutoff, maxLogit } = candidates;
  let sum = 0;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (logit < cutoff && !isMasked(mask, token)) sum += Math.exp((logit - maxLogit) / temperature);
  }
  return sum;
}

/** The tail token at which the running sum of weights passes `target`. */
export function pickFromTail(
  candidates: Candidates,
  logits: Float32Array,
  temperature: number,
  mask: Uint32Array | null,
  target: number,
): number {
  const { cutoff, maxLogit } = candidates;
  let sum = 0;
  let last = -1;
  for (let token = 0; token < logits.length; token++) {
    const logit = logits[token]!;
    if (!(logit < cutoff) || logit === Number.NEGATIVE_INFINITY || isMasked(mask, token)) continue;
    sum += Math.exp((logit - maxLogit) / temperature);
    last = token;
    if (sum > target) return token;
  }
  return last;
}

/**
 * Keeps the candidates with the largest `keys` until their weights reach `mass`, at least one; drops the others.
 * A heap gives them in order, so only the kept ones are ever sorted.
 */
export function keepUntilMass(candidates: Candidates, mass: number): void {
  const { tokens, weights, keys, count } = candidates;
  const carried = [tokens, weights];
  buildHeap(keys, count, carried);
  let size = count;
  let total = 0;
  while (size > 0 && (size === count || total < mass)) {
    size = popHeap(keys, size, carried);
    total += weights[size]!;
  }
  tokens.copyWithin(0, size, count);
  weights.copyWithin(0, size, count);
  candidates.count = count - size;
  candidates.total = total;
}

/** Keeps the candidates for which `keep` holds. False (and nothing changed) if it holds for none. */
export function keepWhere(candidates: Candidates, keep: (token: number, weight: number) => boolean): boolean {
  const { tokens, weights } = candidates;
  let count = 0;
  let total = 0;
  for (let i = 0; i < candidates.count; i++) {
    if (!keep(tokens[i]!, weights[i]!)) continue;
    tokens[count] = tokens[i]!;
    weights[count] = weights[i]!;
    total += weights[i]!;
    count++;
  }
  if (count === 0) return false;
  candidates.count = count;
  candidates.total = total;
  return true;
}
