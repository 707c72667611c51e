/**
 * One limit per minute of one account: a bucket that refills continuously, and, where it may grow, a limit
 * that follows sustained use. The spec's table (60 a minute, 120 after 10 minutes, 720 after an hour, 1440
 * after two) is a fifth of the minimum for each minute of sustained use, once that is above the minimum.
 */
export interface Allowance {
  /** What sustained use has earned so far, units per minute; below the minimum it has no effect yet. */
  readonly growth: number;
  /** Units left to give; negative when over the limit, at least one limit below zero. */
  readonly level: number;
  /** Use as a moving average, units per minute. */
  readonly rate: number;
  readonly atMs: number;
}

/** Per minute. The same number twice is a limit that does not grow. */
export interface AllowanceBounds {
  readonly minimum: number;
  readonly maximum: number;
}

const GROWTH_PER_MINUTE = 1 / 5;
/** Use above this part of the limit lets it grow, below the other lets it shrink. */
const NEAR = 0.5;
const FAR = 0.25;
/** Time constant of the moving average. */
const AVERAGE_MS = 60_000;

/**
 * The average of one that grows begins where use counts as near, so that who uses the limit from the first
 * minute on is not late by the minute that an average from zero needs.
 */
export function freshAllowance({ minimum, maximum }: AllowanceBounds, nowMs: number): Allowance {
  return { growth: 0, level: minimum, rate: minimum === maximum ? 0 : minimum * NEAR, atMs: nowMs };
}

/** Units per minute that are granted now. */
export function limitOf({ growth }: Allowance, { minimum, maximum }: AllowanceBounds): number {
  return Math.max(minimum, Math.min(maximum, growth));
}

/**
 * The allowance after time has passed without use. `lent`: units that were given out and may still be used.
 */
export function passTime(from: Allowance, bounds: AllowanceBounds, nowMs: number, lent = 0): Allowance {
  const elapsedMs = Math.max(0, nowMs - from.atMs);
  const before = limitOf(from, bounds);
  // The average decays meanwhile: it grows the limit only while it stays near, and shrinks it once it is far
  // below.
  const growMs = Math.min(elapsedMs, timeAbove(from.rate, before * NEAR));
  const shrinkMs = elapsedMs - Math.min(elapsedMs, timeAbove(from.rate, before * FAR));
  const step = (bounds.minimum * GROWTH_PER_MINUTE * (growMs - shrinkMs)) / 60_000;
  const growth = Math.max(0, Math.min(bounds.maximum, from.growth + step));
  const limit = limitOf({ ...from, growth }, bounds);
  // What is lent counts as there: all that can be used at once is never more than the limit.
  // More than that is lent for a moment where the limit was lowered: no debt of anybody's.
  const level = Math.min(Math.max(limit - lent, 0), from.level + (limit * elapsedMs) / 60_000);
  const rate = from.rate * Math.exp(-elapsedMs / AVERAGE_MS);
  return { growth, level: Math.max(level, -limit), rate, atMs: Math.max(nowMs, from.atMs) };
}

/** How long a decaying average stays above a threshold, in ms. */
function timeAbove(rate: number, threshold: number): number {
  return rate <= threshold ? 0 : AVERAGE_MS * Math.log(rate / threshold);
}

/** Counts use in the average. */
export function addUse(from: Allowance, amount: number): Allowance {
  return { ...from, rate: from.rate + amount * (60_000 / AVERAGE_MS) };
}
