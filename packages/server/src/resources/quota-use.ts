import type { RateMeters } from '../inference/limits/meters.ts';
import { type QuotaId, tokenClasses } from '../ledger/quotas.ts';
import { periodOf } from '../ledger/spend-leases.ts';
import type { Database } from '../store/database.ts';
import { readGpuHours } from '../store/gpu-hours.ts';
import { readRateMeters } from '../store/rate-meters.ts';

export interface QuotaUse {
  /** The operator's own account. */
  readonly isHouse: boolean;
  /** What is used now; 0 for what nothing is counted of. */
  of(id: QuotaId): number;
}

/** What an account uses of what is counted by rates and hours; null: there is no such account. */
export async function readQuotaUse(db: Database, account: string, nowMs: number): Promise<QuotaUse | null> {
  const [hours] = await readGpuHours(db, periodOf(nowMs), account);
  if (hours === undefined) return null;
  const meters = await readRateMeters<RateMeters>(db, account);
  const today = Math.floor(nowMs / 86_400_000);
  return {
    isHouse: hours.isHouse,
    of(id) {
      if (id === 'gpu-hours-per-month') return hours.hours;
      if (meters === null) return 0;
      if (id === 'requests-per-minute') {
        // The average decays with a time constant of a minute.
        const { rate, atMs } = meters.minutes['requests-fixed'];
        return Math.round(rate * Math.exp(-Math.max(0, nowMs - atMs) / 60_000));
      }
      const tokenClass = tokenClasses.find((name) => name === id);
      if (tokenClass === undefined) return 0;
      const { day, taken } = meters.days[tokenClass];
      return day === today ? taken : 0;
    },
  };
}
