import { argmax } from './argmax.ts';
import { fastExp } from './fast-exp.ts';
import { type NoiseKey, noiseBits, noiseWord } from './noise.ts';
import { ringOf } from './race.ts';

const WORD = 0x1_0000_0000;
/** Leading zeros that 32 bits can have. */
const ZEROS_MAX = 32;
/** Covers the error of `fastExp` and of logits, so that nothing is passed over which the exact test takes. */
const SLACK = 1e-6;

/**
 * The token that `drawByRace` draws among all, straight from the logits (temperature above 0, no filters). A
 * token wins only with noise below its weight times the best time so far. How many zeros its noise begins
 * with says how high its logit must be at least for that, which spares nearly all tokens their weight. -1 if
 * there is none.
 */
export function raceLogits(logits: Float32Array, temperature: number, key: NoiseKey): number {
  const best = argmax(logits);
  if (best < 0) return -1;
  const { a, b } = key;
  const max = logits[best]!;
  const scale = Math.min(1 / temperature, Number.MAX_VALUE);
  let winner = best;
  // The most probable token goes first: after it few others have a chance.
  let first = ringOf(key, best, noiseBits(a, b, best), 1);
  fillLeastLogits(first, max, scale);
  for (let token = 0; token < logits.length; token++) {
    const word = noiseWord(a, b, token);
    const logit = logits[token]!;
    if (logit < leastLogits[Math.clz32(word)]!) continue;
    const bits = word >>> 0;
    const weight = fastExp((logit - max) * scale);
    if (!(bits < first * WORD * weight) || weight === 0) continue;
    const ring = ringOf(key, token, bits, weight);
    if (ring >= first) continue;
    first = ring;
    winner = token;
    fillLeastLogits(first, max, scale);
  }
  return winner;
}

/** By leading zeros of a token's noise: logits below can't win. One draw at a time uses it. */
const leastLogits = new Float64Array(ZEROS_MAX + 1);

function fillLeastLogits(first: number, max: number, scale: number): void {
  for (let zeros = 0; zeros < ZEROS_MAX; zeros++) {
    const leastWeight = 2 ** (ZEROS_MAX - 1 - zeros) / (first * WORD);
    leastLogits[zeros] = max + (Math.log(leastWeight) - SLACK) / scale;
  }
  leastLogits[ZEROS_MAX] = Number.NEGATIVE_INFINITY;
}
