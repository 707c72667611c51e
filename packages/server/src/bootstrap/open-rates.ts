import type { Logger } from 'pino';
import { LeasedLimiter, type MeterSource } from '../inference/limits/leased-limiter.ts';
import { createMemoryMeters } from '../inference/limits/memory-limiter.ts';
import { freshMeters, planRenewal, type RateMeters } from '../inference/limits/meters.ts';
import type { RateLimiter } from '../inference/limits/rate-limiter.ts';
import type { Database } from '../store/database.ts';
import { changeRateMeters } from '../store/rate-meters.ts';
import type { AccountStandings } from './account-standings.ts';
import type { StopList } from './stop-list.ts';

const tidyMs = 1_000;
/** A tenth of a minute, a thousandth of a day: enough for the time that an answer of the database takes. */
const aheadShare = { minute: 0.1, day: 0.001 };
const pauseMs = 250;

/** Meters of all gateways on one database. `gateway`: id of this one, as its usage is stored. */
export function createStoredMeters(db: Database, gateway: string, now: () => number): MeterSource {
  return {
    async renew(account, limits, turns) {
      const renewal = await changeRateMeters(db, account, (state: RateMeters | null, storeMs) =>
        planRenewal(state ?? freshMeters(limits, storeMs), limits, gateway, turns, storeMs),
      );
      return { ...renewal, meters: atTime(renewal.meters, now()) };
    },
  };
}

/** The same, by the clock of this process: what the limiter reckons with until it asks again. */
function atTime(meters: RateMeters, nowMs: number): RateMeters {
  const entries = Object.entries(meters.minutes).map(([kind, level]) => [kind, { ...level, atMs: nowMs }]);
  return { ...meters, minutes: Object.fromEntries(entries) as RateMeters['minutes'] };
}

/** Rate limits that hold over all gateways of the database, and over this one alone while it is away. */
export function openRates(
  {
    db,
    gateway,
    standings,
    log,
  }: {
    readonly db: Database;
    /** What an earlier life of it borrowed is forgotten before (`forgetRateLoans`). */
    readonly gateway: string;
    readonly standings: AccountStandings;
    readonly log: Logger;
  },
  stops: StopList,
): RateLimiter {
  const limiter = new LeasedLimiter({
    source: createStoredMeters(db, gateway, Date.now),
    whenAway: createMemoryMeters(Date.now),
    now: Date.now,
    limitsOf: standings.rateLimitsOf,
    aheadShare,
    pauseMs,
    onAway: (error) => log.warn({ err: error }, 'rates are counted by this gateway alone for some seconds'),
  });
  let tidying: Promise<void> | null = null;
  const tidy = (): void => {
    tidying ??= limiter.tidy().finally(() => {
      tidying = null;
    });
  };
  const timer = setInterval(tidy, tidyMs).unref();
  stops.add('rates', async () => {
    clearInterval(timer);
    await tidying;
    await limiter.tidy(true);
  });
  return limiter;
}
