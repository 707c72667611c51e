/**
 * One guaranteed limit of one account: a bucket that refills continuously, and a limit that grows while use
 * is near it. The spec's table (60 a minute, 120 after 10 minutes, 720 after an hour, 1440 after two) lies on
 * one line: a fifth of the minimum for each minute of use near the limit, which reaches the minimum itself
 * after five.
 */
export interface Allowance {
  /** Units per minute guaranteed now. */
  readonly limit: number;
  /** Time of use near the limit; time far below it is taken off again. */
  readonly sustainedMs: number;
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

/**
 * The average begins where use counts as near, so that who uses the limit from the first minute on is not
 * late by the minute that an average from zero needs.
 */
export function freshAllowance(minimum: number, nowMs: number): Allowance {
  return { limit: minimum, sustainedMs: 0, level: minimum, rate: minimum * NEAR, atMs: nowMs };
}

/** The allowance after time has passed without use. */
export function passTime(from: Allowance, minimum: number, maximum: number, nowMs: number): Allowance {
  const elapsedMs = Math.max(0, nowMs - from.atMs);
  if (elapsedMs === 0) return from;
  // The average decays meanwhile: it grows the limit only while it stays near, and shrinks it once it is far
  // below.
  const growMs = Math.min(elapsedMs, timeAbove(from.rate, from.limit * NEAR));
  const shrinkMs = elapsedMs - Math.min(elapsedMs, timeAbove(from.rate, from.limit * FAR));
  const mostMs = (maximum / (minimum * GROWTH_PER_MINUTE)) * 60_000;
  const sustainedMs = Math.max(0, Math.min(mostMs, from.sustainedMs + growMs - shrinkMs));
  const grown = minimum * GROWTH_PER_MINUTE * (sustainedMs / 60_000);
  const limit = Math.max(minimum, Math.min(maximum, grown));
  const level = Math.min(limit, from.level + (limit * elapsedMs) / 60_000);
  const rate = from.rate * Math.exp(-elapsedMs / AVERAGE_MS);
  return { limit, sustainedMs, level, rate, atMs: nowMs };
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
