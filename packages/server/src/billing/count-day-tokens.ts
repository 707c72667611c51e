import { freshMeters, planForgotten, planStored, type RateMeters } from '../inference/limits/meters.ts';
import { defaultRateLimits } from '../inference/limits/rate-limiter.ts';
import type { UsageRecord } from '../inference/metering.ts';
import type { Database } from '../store/database.ts';
import { changeRateMeters, listMeteredBy } from '../store/rate-meters.ts';

/**
 * Counts stored usage among the tokens of its day: in the transaction that stores it, so once, also when
 * somebody else does it for a gateway that was killed.
 */
export async function countDayTokens(
  transaction: Database,
  gateway: string,
  stored: readonly UsageRecord[],
): Promise<void> {
  const byAccount = Map.groupBy(stored, ({ account }) => account);
  // Always in the same order: two that count for the same accounts must not wait for each other in a ring.
  for (const account of [...byAccount.keys()].sort()) {
    const tokens = byAccount.get(account)!.flatMap(({ tokenClass, startTimeMs, ...used }) => {
      if (tokenClass === undefined) return [];
      return [{ tokenClass, timeMs: startTimeMs, tokens: used.promptTokens + used.completionTokens }];
    });
    if (tokens.every((one) => one.tokens === 0)) continue;
    await changeRateMeters(transaction, account, (state: RateMeters | null, nowMs) => ({
      meters: planStored(state ?? freshMeters(defaultRateLimits, nowMs), gateway, tokens),
    }));
  }
}

/** What a life of a gateway borrowed of rates and days, and no stored usage has, is free again. */
export async function forgetRateLoans(db: Database, gateway: string): Promise<void> {
  for (const account of await listMeteredBy(db, gateway)) {
    await changeRateMeters(db, account, (state: RateMeters | null) => ({
      meters: planForgotten(state!, gateway),
    }));
  }
}
