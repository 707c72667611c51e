/**
 * One guaranteed limit of one account: a bucket that refills continuously, and a limit that grows while use
 * is near it. The spec's table (60 a minute, 120 after 10 minutes, 720 after an hour, 1440 after two) is a
 * growth of a fifth of the minimum a minute, starting after five minutes; here it starts at once and in the
 * same steps.
 */
export interface Allowance {
  /** Units per minute guaranteed now. */
  readonly limit: number;
  /** Units left; negative when over the limit, at least one limit below zero. */
  readonly level: number;
  /** Use as a moving average, units per minute. */
  readonly rate: number;
  readonly atMs: number;
}

const GROWTH_PER_MINUTE = 1 / 5;
/** Use above this part of the limit lets it grow, below the other lets it shrink. */
const NEAR = 0.5;
const FAR = 0.25;
/** Time constant of the moving average. */
const AVERAGE_MS = 60_000;

export function freshAllowance(minimum: number, nowMs: number): Allowance {
  return { limit: minimum, level: minimum, rate: 0, atMs: nowMs };
}

/** The allowance after time has passed without use. */
export function passTime(from: Allowance, minimum: number, maximum: number, nowMs: number): Allowance {
  const elapsedMs = Math.max(0, nowMs - from.atMs);
  if (elapsedMs === 0) return from;
  // The average decays meanwhile: it grows the limit only while it stays near, and shrinks it once it is far
  // below.
  const growMs = Math.min(elapsedMs, timeAbove(from.rate, from.limit * NEAR));
  const shrinkMs = elapsedMs - Math.min(elapsedMs, timeAbove(from.rate, from.limit * FAR));
  const step = (minimum * GROWTH_PER_MINUTE * (growMs - shrinkMs)) / 60_000;
  const limit = Math.max(minimum, Math.min(maximum, from.limit + step));
  const level = Math.min(limit, from.level + (limit * elapsedMs) / 60_000);
  const rate = from.rate * Math.exp(-elapsedMs / AVERAGE_MS);
  return { limit, level, rate, atMs: nowMs };
}

/** How long a decaying average stays above a threshold, in ms. */
function timeAbove(rate: number, threshold: number): number {
  return rate <= threshold ? 0 : AVERAGE_MS * Math.log(rate / threshold);
}

/**
 * The allowance after using some of it. Debt is bounded by one minute's worth, so that a burst is forgiven in
 * two.
 */
export function use(from: Allowance, amount: number): Allowance {
  const level = Math.max(-from.limit, from.level - amount);
  const rate = from.rate + amount * (60_000 / AVERAGE_MS);
  return { ...from, level, rate };
}
