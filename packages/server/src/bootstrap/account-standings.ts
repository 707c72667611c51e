import { defaultRateLimits, planRateLimits, type RateLimits } from '../inference/limits/rate-limiter.ts';
import { describeSuspension, spendsCreditOnly } from '../ledger/plan-suspension.ts';
import type { SpendStanding } from '../ledger/spend-guard.ts';
import { planMonthlyLimit } from '../ledger/tiers.ts';
import { readSetQuotas } from '../store/account-quotas.ts';
import type { Database } from '../store/database.ts';

/** What each account may spend, in memory, replaced whole by each `load`. */
export interface AccountStandings {
  of(account: string): SpendStanding;
  rateLimitsOf(account: string): RateLimits;
  load(): Promise<void>;
}

const unknown: SpendStanding = { monthlyLimitNanos: 0n, suspension: null };

export function createAccountStandings(db: Database): AccountStandings {
  let standings: ReadonlyMap<string, SpendStanding> = new Map();
  let rateLimits: ReadonlyMap<string, RateLimits> = new Map();
  return {
    // An account that is not loaded yet may not spend: it exists for a moment only.
    of: (account) => standings.get(account) ?? unknown,
    // Most accounts have those of everybody.
    rateLimitsOf: (account) => rateLimits.get(account) ?? defaultRateLimits,
    async load() {
      const rows = await db
        .selectFrom('accounts')
        .select(['id', 'tier', 'own_limit_nanos', 'suspend_state', 'payment_method'])
        .execute();
      const quotas = await readSetQuotas(db, null);
      rateLimits = new Map([...quotas].map(([account, set]) => [account, planRateLimits(set)]));
      standings = new Map(
        rows.map((row) => {
          const own = row.own_limit_nanos === null ? null : BigInt(row.own_limit_nanos);
          const monthlyLimitNanos = planMonthlyLimit(row.tier, own);
          const suspension = describeSuspension(row.suspend_state);
          const creditOnly = spendsCreditOnly({ tier: row.tier, paymentMethod: row.payment_method });
          return [row.id, { monthlyLimitNanos, suspension, creditOnly }];
        }),
      );
    },
  };
}
