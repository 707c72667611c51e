import { LeasedLimiter, type MeterSource } from './leased-limiter.ts';
import { freshMeters, planRenewal, type RateMeters } from './meters.ts';
import { defaultRateLimits, type RateLimits } from './rate-limiter.ts';

/** Accounts that are new before idle ones are forgotten. */
const SWEEP_EVERY = 4096;
/** Until then limits that grew are back, and the day is another. */
const IDLE_MS = 24 * 3_600_000;

/** Meters of one process. */
export function createMemoryMeters(now: () => number): MeterSource {
  const accounts = new Map<string, RateMeters>();
  let sinceSweep = 0;
  function sweep(nowMs: number): void {
    if (++sinceSweep < SWEEP_EVERY) return;
    sinceSweep = 0;
    for (const [account, { minutes }] of accounts) {
      if (nowMs - minutes.requests.atMs > IDLE_MS) accounts.delete(account);
    }
  }
  return {
    renew(account, limits, turns) {
      const nowMs = now();
      let known = accounts.get(account);
      if (known === undefined) {
        sweep(nowMs);
        known = freshMeters(limits, nowMs);
      }
      const renewal = planRenewal(known, limits, 'here', turns, nowMs);
      accounts.set(account, renewal.meters);
      return renewal;
    },
  };
}

export interface MemoryLimiterOptions {
  readonly now: () => number;
  /** Limits of an account; the spec's self-serve ones for all when left out. */
  readonly limitsOf?: (account: string) => RateLimits;
}

/** Rate limits of one gateway process that shares them with no other. */
export function createMemoryLimiter({ now, limitsOf }: MemoryLimiterOptions): LeasedLimiter {
  return new LeasedLimiter({
    source: createMemoryMeters(now),
    whenAway: null,
    now,
    limitsOf: limitsOf ?? (() => defaultRateLimits),
    aheadShare: { minute: 0, day: 0 },
    pauseMs: 0,
  });
}
