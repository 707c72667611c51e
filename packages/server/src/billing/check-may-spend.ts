import { ApiError } from '@sparkler/api';
import { describeSuspension, spendsCreditOnly } from '../ledger/plan-suspension.ts';
import { periodOf } from '../ledger/spend-leases.ts';
import { planMonthlyLimit } from '../ledger/tiers.ts';
import type { DatabaseOrTransaction } from '../store/database.ts';
import type { Budget } from '../store/spend-leases.ts';
import { type AccountStanding, readStandings } from '../store/standing-facts.ts';

/** Throws ApiError for a suspended account: it can start nothing that costs money. */
export async function checkMaySpend(
  db: DatabaseOrTransaction,
  account: string,
  nowMs: number,
): Promise<AccountStanding> {
  const [standing] = await readStandings(db, periodOf(nowMs), account);
  if (standing === undefined) throw new ApiError('NOT_FOUND', `there is no accounts/${account}`);
  const suspension = describeSuspension(standing.suspendState);
  if (suspension !== null) {
    throw new ApiError('FAILED_PRECONDITION', `the account ${account} is suspended: ${suspension}`);
  }
  return standing;
}

export function budgetOf({ facts }: AccountStanding): Budget {
  return {
    limitNanos: planMonthlyLimit(facts.tier, facts.ownLimitNanos),
    creditOnly: spendsCreditOnly(facts),
  };
}
