import type { SpendStanding } from '../ledger/spend-guard.ts';
import { planMonthlyLimit } from '../ledger/tiers.ts';
import type { Database } from '../store/database.ts';

/** What each account may spend, in memory, replaced whole by each `load`. */
export interface AccountStandings {
  of(account: string): SpendStanding;
  load(): Promise<void>;
}

/** Why an account is suspended, for its callers. */
const suspensions: Readonly<Record<string, string>> = {
  FAILED_PAYMENTS: 'a payment failed; pay the open invoices to lift it',
  CREDIT_DEPLETED: 'its credit is used up and no payment method is on file',
  MONTHLY_SPEND_LIMIT_EXCEEDED: 'it reached its monthly spending limit',
  BLOCKED_BY_ABUSE_RULE: 'it broke the rules of use; ask the operator',
};

const unknown: SpendStanding = { monthlyLimitNanos: 0n, suspension: null };

export function createAccountStandings(db: Database): AccountStandings {
  let standings: ReadonlyMap<string, SpendStanding> = new Map();
  return {
    // An account that is not loaded yet may not spend: it exists for a moment only.
    of: (account) => standings.get(account) ?? unknown,
    async load() {
      const rows = await db
        .selectFrom('accounts')
        .select(['id', 'tier', 'own_limit_nanos', 'suspend_state'])
        .execute();
      standings = new Map(
        rows.map((row) => {
          const own = row.own_limit_nanos === null ? null : BigInt(row.own_limit_nanos);
          const suspension = suspensions[row.suspend_state] ?? null;
          return [row.id, { monthlyLimitNanos: planMonthlyLimit(row.tier, own), suspension }];
        }),
      );
    },
  };
}
