/** When to try again, and after how long. Pure, so that it can be tested without waiting. */

/** 408, 409 (lost update), 429 and 5xx may succeed later; everything else will not. */
export function isRetryableStatus(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

const firstDelayMs = 500;
const delayMsMax = 8_000;
/** A server that asks for more than this is told to the caller instead of waited for. */
const retryAfterMsMax = 60_000;

/**
 * Delay before try number `attempt` (1 is the first repetition), milliseconds; null: do not try again.
 * `retryAfter` is the header (seconds or an HTTP date); `random` in [0, 1) spreads clients that failed
 * together.
 */
export function planRetryDelay(
  attempt: number,
  retryAfter: string | null,
  nowMs: number,
  random: number,
): number | null {
  const asked = retryAfter === null ? null : parseRetryAfter(retryAfter, nowMs);
  if (asked !== null) return asked > retryAfterMsMax ? null : asked;
  const ceiling = Math.min(delayMsMax, firstDelayMs * 2 ** (attempt - 1));
  return ceiling * (0.75 + 0.25 * random);
}

/** Milliseconds from now, or null if the header cannot be read. */
export function parseRetryAfter(value: string, nowMs: number): number | null {
  const seconds = Number(value);
  if (value.trim() !== '' && Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
