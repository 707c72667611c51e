/**
 * Counter-based randomness: a number is a function of (seed, choice, position, draw) and of nothing else. So what
 * else is in the batch, a preemption or speculation cannot change a seeded text, and no generator state has to be
 * saved or rolled back.
 */

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

/**
 * A uniform number in [0, 1) with 53 random bits.
 * `seed`: any safe integer; `position`: index of the generated token; `draw`: tells apart several draws for one token.
 */
export function drawUniform(seed: number, choice: number, position: number, draw: number): number {
  let state = absorb(0x2545f491, seed | 0);
  state = absorb(state, Math.floor(seed / 0x1_0000_0000) | 0);
  state = absorb(state, choice);
  state = absorb(state, position);
  state = absorb(state, draw);
  const high = absorb(state, 0x51ed270b) >>> 5;
  const low = absorb(state, 0x68bc21eb) >>> 6;
  return (high * 0x400_0000 + low) / 0x20_0000_0000_0000;
}
