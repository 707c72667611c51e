/**
 * Numbers from about a normal distribution (mean 0, deviation 1), the same for the same seed on every
 * machine.
 */
export function makeNormalSource(seed: number): () => number {
  const uniform = makeUniformSource(seed);
  // Four uniforms have variance 1/3: scaled by sqrt(3). Near enough to normal for weights, and exact in
  // doubles.
  return () => (uniform() + uniform() + uniform() + uniform() - 2) * 1.7320508;
}

/** mulberry32: 32 bits of state, good enough for weights that mean nothing. */
function makeUniformSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
