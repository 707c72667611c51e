import { sql } from 'kysely';
import type { StandingFacts, SuspendState } from '../ledger/plan-suspension.ts';
import type { DatabaseOrTransaction } from './database.ts';

export interface AccountStanding {
  readonly account: string;
  readonly suspendState: SuspendState;
  readonly paidNanos: bigint;
  readonly facts: StandingFacts;
}

interface StandingRow {
  id: string;
  suspend_state: SuspendState;
  tier: StandingFacts['tier'];
  own: string | null;
  payment_method: StandingFacts['paymentMethod'];
  balance: string;
  paid: string;
  settled: string;
  was_refused: boolean;
  has_failed: boolean;
}

/** How accounts stand with their money in a month; one of them, or all. */
export async function readStandings(
  db: DatabaseOrTransaction,
  period: string,
  account: string | null = null,
): Promise<AccountStanding[]> {
  const { rows } = await sql<StandingRow>`
    select id, suspend_state, tier, own_limit_nanos::text as own, payment_method,
      coalesce(balance_nanos, 0)::text as balance, coalesce(paid_nanos, 0)::text as paid,
      coalesce(settled_nanos, 0)::text as settled, refuse_time is not null as was_refused,
      exists (select from invoices where invoices.account = accounts.id and state = 'FAILED') as has_failed
    from accounts
    left join account_balances on account_balances.account = accounts.id
    left join spend_periods on spend_periods.account = accounts.id and spend_periods.period = ${period}
    where ${account}::text is null or accounts.id = ${account} order by id`.execute(db);
  return rows.map((row) => ({
    account: row.id,
    suspendState: row.suspend_state,
    paidNanos: BigInt(row.paid),
    facts: {
      tier: row.tier,
      ownLimitNanos: row.own === null ? null : BigInt(row.own),
      paymentMethod: row.payment_method,
      balanceNanos: BigInt(row.balance),
      settledNanos: BigInt(row.settled),
      wasRefused: row.was_refused,
      hasFailedInvoice: row.has_failed,
    },
  }));
}

/** Writes the state, if it still is what was looked at. False when it has changed meanwhile. */
export async function writeSuspendState(
  db: DatabaseOrTransaction,
  account: string,
  from: SuspendState,
  to: SuspendState,
): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`
    update accounts set suspend_state = ${to}, update_time = greatest(now(), update_time + interval '1 millisecond')
    where id = ${account} and suspend_state = ${from} returning id`.execute(db);
  return rows.length === 1;
}

/** What of an account stops and starts with its suspension: names by the kind of their reconciler. */
export async function listStoppable(
  db: DatabaseOrTransaction,
  account: string,
): Promise<{ readonly kind: string; readonly name: string }[]> {
  const { rows } = await sql<{ kind: string; name: string }>`
    select 'deployment' as kind, name from deployments where account = ${account} and delete_time is null
    union all
    select 'fine-tuning-job', name from fine_tuning_jobs
    where account = ${account} and delete_time is null and completed_time is null`.execute(db);
  return rows;
}

/** Raises an account to the tier that it qualifies for now. */
export async function writeTier(db: DatabaseOrTransaction, account: string, tier: string): Promise<void> {
  await sql`
    update accounts set tier = ${tier}, update_time = greatest(now(), update_time + interval '1 millisecond')
    where id = ${account} and tier <> ${tier}`.execute(db);
}
