/**
 * Counter-based randomness: a number is a function of (seed, choice, position, token) and of nothing else. So
 * what else is in the batch, a preemption or speculation cannot change a seeded text, and no generator state
 * has to be saved or rolled back.
 */

/** Key of one position's noise: one number for every token of the vocabulary. */
export interface NoiseKey {
  readonly a: number;
  readonly b: number;
}

/** Bijective 32-bit mixer (the finalizer of MurmurHash3). */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function absorb(state: number, word: number): number {
  return mix(Math.imul(state, 5) + 0x9e3779b9 + mix(word ^ state));
}

/** `seed`: any safe integer; `position`: index of the generated token. */
export function createNoiseKey(seed: number, choice: number, position: number): NoiseKey {
  let state = absorb(0x2545f491, seed | 0);
  state = absorb(state, Math.floor(seed / 0x1_0000_0000) | 0);
  state = absorb(state, choice);
  state = absorb(state, position);
  return { a: absorb(state, 0x51ed270b), b: absorb(state, 0x68bc21eb) };
}

/** 32 uniform bits for a token, as a signed integer: the engine's fastest kind of number. */
export function noiseWord(a: number, b: number, token: number): number {
  let h = (Math.imul(token, 0x9e3779b1) + a) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) ^ b;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The same as an unsigned integer. */
export function noiseBits(a: number, b: number, token: number): number {
  return noiseWord(a, b, token) >>> 0;
}
