/** Numbers from 0 to 1 that a seed decides (mulberry32): the same run again, as far as processes allow it. */
export type Draw = () => number;

export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from `low` to `high`, both possible. */
export function drawBetween(draw: Draw, low: number, high: number): number {
  return low + Math.floor(draw() * (high - low + 1));
}

/** SPARKLER_BENCH_SEED, or any. Throws on one that is no whole number of 32 bits. */
export function readSeed(): number {
  const given = process.env.SPARKLER_BENCH_SEED;
  if (!given) return Math.floor(Math.random() * 2 ** 32);
  const seed = Number(given);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new Error(`SPARKLER_BENCH_SEED is '${given}': it must be a whole number from 0 to ${2 ** 32 - 1}.`);
}
