import type { Candidates } from './candidates.ts';
import { type NoiseKey, noiseBits } from './noise.ts';

const WORD = 0x1_0000_0000;

/**
 * Draws a candidate in proportion to the weights, by an exponential race (Gumbel-max in another guise): each
 * token's clock rings at E / weight with E exponential noise of its own, and the first one wins. Returns -1
 * if there is none.
 *
 * Why not the inverse of the cumulative distribution, which needs one number instead of one per token: there
 * a rounding error in any weight moves the borders of all tokens behind it, and a batch of another size
 * changes one seeded token in a hundred. Here only a near tie of the two fastest can flip, whatever the
 * vocabulary. And taking tokens away (a mask) leaves the order of the others as it was, so that a second draw
 * with the same noise is exact.
 *
 * E = -ln(1 - v) is at least v, so a token whose v is already too late needs no logarithm: nearly all of
 * them.
 */
export function drawByRace(candidates: Candidates, key: NoiseKey): number {
  const { tokens, weights, isDense, count } = candidates;
  const { a, b } = key;
  let winner = -1;
  let first = Number.POSITIVE_INFINITY;
  let bound = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    const token = isDense ? i : tokens[i]!;
    const bits = noiseBits(a, b, token);
    if (!(bits < bound * weight) || weight === 0) continue;
    const ring = ringOf(key, token, bits, weight);
    if (ring >= first) continue;
    first = ring;
    bound = ring * WORD;
    winner = token;
  }
  return winner;
}

/** When a token's clock rings. 64 bits of noise now that it matters: rare tokens win by the low ones. */
export function ringOf({ a, b }: NoiseKey, token: number, bits: number, weight: number): number {
  const v = (bits + (noiseBits(b, a, token) + 0.5) / WORD) / WORD;
  return -Math.log1p(-v) / weight;
}
