import { planSuspension } from '../ledger/plan-suspension.ts';
import { periodOf } from '../ledger/spend-leases.ts';
import { planTier } from '../ledger/tiers.ts';
import { recordOwnChange } from '../store/audit-trail.ts';
import type { Database, DatabaseOrTransaction } from '../store/database.ts';
import type { ReconcileRequest } from '../store/reconcile-queue.ts';
import {
  type AccountStanding,
  listStoppable,
  readStandings,
  writeSuspendState,
  writeTier,
} from '../store/standing-facts.ts';

/** What bills touch outside their own tables. */
export interface BillingContext {
  readonly db: Database;
  /** Where deployments and jobs are announced that a suspension stops or its end starts. */
  readonly queue: { request(request: ReconcileRequest, within?: DatabaseOrTransaction): Promise<void> };
  /** Wall clock in ms. */
  now(): number;
}

export interface StandingChange {
  readonly account: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Suspends accounts that may not go on and lifts what no longer holds, and raises tiers; one account, or all.
 * Deployments and jobs of accounts that changed are looked at again by their reconcilers. Repeatable.
 */
export async function reviewAccounts(
  { db, queue, now }: BillingContext,
  account: string | null = null,
): Promise<StandingChange[]> {
  const changes: StandingChange[] = [];
  for (const standing of await readStandings(db, periodOf(now()), account)) {
    const change = await reviewAccount(db, queue, standing);
    if (change !== null) changes.push(change);
  }
  return changes;
}

async function reviewAccount(
  db: Database,
  queue: BillingContext['queue'],
  standing: AccountStanding,
): Promise<StandingChange | null> {
  const { account, suspendState, facts, paidNanos } = standing;
  const tier = planTier(facts.tier, paidNanos);
  if (tier !== facts.tier) await writeTier(db, account, tier);
  const next = planSuspension(suspendState, { ...facts, tier });
  if (next === suspendState) return null;
  return db.transaction().execute(async (transaction) => {
    if (!(await writeSuspendState(transaction, account, suspendState, next))) return null;
    for (const request of await listStoppable(transaction, account))
      await queue.request(request, transaction);
    await recordOwnChange(transaction, {
      account,
      method: next === 'UNSUSPENDED' ? 'liftSuspension' : 'suspendAccount',
      resource: `accounts/${account}`,
      payload: { from: suspendState, to: next },
    });
    return { account, from: suspendState, to: next };
  });
}
