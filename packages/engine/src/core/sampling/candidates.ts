import { argmax, argmaxMasked } from './argmax.ts';
import { fastExp } from './fast-exp.ts';
import { buildHeap, popHeap, replaceRoot } from './heap.ts';
import { BLOCK, isAnyAbove } from './is-any-above.ts';

/**
 * Candidates for the next token, with weights relative to the most probable one. The arrays are as long as
 * the vocabulary and reused for every token, so that sampling allocates nothing. They are either dense
 * (candidate i is token i, some with weight 0: fast to fill) or a list.
 */
export class Candidates {
  /** Void while dense. */
  readonly tokens: Int32Array;
  /** exp((logit - largest logit) / temperature) */
  readonly weights: Float64Array;
  /** Scratch for selections. */
  readonly keys: Float64Array;
  isDense = false;
  count = 0;
  /** Sum of the candidates' weights. */
  total = 0;

  constructor(vocabularySize: number) {
    this.tokens = new Int32Array(vocabularySize);
    this.weights = new Float64Array(vocabularySize);
    this.keys = new Float64Array(vocabularySize);
  }

  tokenAt(place: number): number {
    return this.isDense ? place : this.tokens[place]!;
  }
}

function isMasked(mask: Uint32Array | null, token: number): boolean {
  return mask !== null && (mask[token >> 5]! & (1 << (token & 31))) === 0;
}

/** Weighs every token. False if none is possible. */
export function weighAll(
  candidates: Candidates,
  logits: Float32Array,
  temperature: number,
  mask: Uint32Array | null,
): boolean {
  const best = mask === null ? argmax(logits) : argmaxMasked(logits, mask);
  if (best < 0) return false;
  const { weights } = candidates;
  const max = logits[best]!;
  // Finite even for the smallest temperatures, or the best token's weight would be 0 * infinity.
  const scale = Math.min(1 / temperature, Number.MAX_VALUE);
  let total = 0;
  for (let token = 0; token < logits.length; token++) {
    const weight = fastExp((logits[token]! - max) * scale);
    weights[token] = weight;
    total += weight;
  }
  candidates.isDense = true;
  candidates.count = logits.length;
  candidates.total = total;
  return mask === null || keepAllowed(candidates, mask);
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
  const count = selectTop(tokens, keys, logits, k, mask);
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) if (-keys[i]! > max) max = -keys[i]!;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const weight = fastExp((-keys[i]! - max) / temperature);
    weights[i] = weight;
    total += weight;
  }
  candidates.isDense = false;
  candidates.count = count;
  candidates.total = total;
  return count > 0;
}

/**
 * A heap of the best `k` seen so far, the worst of them on top; its keys are negated logits. Returns their
 * number.
 */
function selectTop(
  tokens: Int32Array,
  keys: Float64Array,
  logits: Float32Array,
  k: number,
  mask: Uint32Array | null,
): number {
  const carried = [tokens];
  const size = logits.length;
  let count = 0;
  /** Smallest logit among the best `k` once there are so many. */
  let least = Number.NEGATIVE_INFINITY;
  for (let from = 0; from < size; from += BLOCK) {
    if (from + BLOCK <= size && !isAnyAbove(logits, from, least)) continue;
    const end = Math.min(from + BLOCK, size);
    for (let token = from; token < end; token++) {
      const logit = logits[token]!;
      if (!(logit > least) || isMasked(mask, token)) continue;
      if (count < k) {
        tokens[count] = token;
        keys[count] = -logit;
        count++;
        if (count === k) buildHeap(keys, k, carried);
      } else {
        tokens[0] = token;
        replaceRoot(keys, -logit, k, carried);
      }
      if (count === k) least = -keys[0]!;
    }
  }
  return count;
}

/**
 * Keeps the candidates of a list with the largest `keys` until their weights reach `mass`, at least one;
 * drops the others. A heap gives them in order, so only the kept ones are ever sorted.
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

/**
 * Lists the candidates at least as heavy as `lightest` (above 0). False (and nothing changed) if there is
 * none.
 */
export function keepHeavy(candidates: Candidates, lightest: number): boolean {
  const { tokens, weights, isDense } = candidates;
  let count = 0;
  let total = 0;
  for (let i = 0; i < candidates.count; i++) {
    const weight = weights[i]!;
    if (!(weight >= lightest)) continue;
    tokens[count] = isDense ? i : tokens[i]!;
    weights[count] = weight;
    total += weight;
    count++;
  }
  if (count === 0) return false;
  candidates.isDense = false;
  candidates.count = count;
  candidates.total = total;
  return true;
}

/**
 * Lists the candidates that the mask allows. False if none of them has a weight; the candidates are void
 * then.
 */
export function keepAllowed(candidates: Candidates, mask: Uint32Array): boolean {
  const { tokens, weights } = candidates;
  let count = 0;
  let total = 0;
  for (let i = 0; i < candidates.count; i++) {
    const token = candidates.tokenAt(i);
    if (isMasked(mask, token)) continue;
    tokens[count] = token;
    weights[count] = weights[i]!;
    total += weights[i]!;
    count++;
  }
  candidates.isDense = false;
  candidates.count = count;
  candidates.total = total;
  return total > 0;
}
