import { sql } from 'kysely';
import type { LeaseSource } from '../ledger/spend-guard.ts';
import { type Database, withinTransaction } from './database.ts';
import { lockBalances } from './journal.ts';

/** What an account may spend in a month. */
export interface Budget {
  /** Null: as much as it likes. */
  readonly limitNanos: bigint | null;
  /** Only credit can be spent: nobody would pay a bill. */
  readonly creditOnly: boolean;
}

/** Budgets in Postgres, lent out in slices to the gateways that ask. `gateway` names this process. */
export function createLeaseSource(
  db: Database,
  gateway: string,
  budgetOf: (account: string) => Budget,
): LeaseSource {
  return {
    extend: async (account, period, wantNanos) => {
      const budget = budgetOf(account);
      if (budget.limitNanos === null && !budget.creditOnly) return wantNanos;
      return withinTransaction(db, async (transaction) => {
        await ensurePeriod(transaction, account, period);
        const granted = await lend(transaction, account, period, BigInt(wantNanos), budget);
        if (granted > 0n) await addToLease(transaction, gateway, account, period, granted);
        return Number(granted);
      });
    },
    refused: async (account, period) => {
      await sql`update spend_periods set refuse_time = now() where account = ${account} and period = ${period}`.execute(
        db,
      );
    },
    giveBack: (account, period, nanos) => returnLease(db, { gateway, account, period, nanos: BigInt(nanos) }),
  };
}

async function ensurePeriod(db: Database, account: string, period: string): Promise<void> {
  await sql`insert into spend_periods (account, period) values (${account}, ${period}) on conflict do nothing`.execute(
    db,
  );
}

/** Locks the row, so that two gateways are never lent the same money. */
async function lend(
  db: Database,
  account: string,
  period: string,
  wantNanos: bigint,
  { limitNanos, creditOnly }: Budget,
): Promise<bigint> {
  // What is settled has left the credit too, so what may be lent is the credit that is not lent yet.
  if (creditOnly) await lockBalances(db, [account]);
  const { rows } = await sql<{ granted: string }>`
    with current as (
      select settled_nanos + leased_nanos as used from spend_periods
      where account = ${account} and period = ${period} for update
    ), plan as (
      select greatest(0, least(
        ${String(wantNanos)}::bigint,
        ${limitNanos === null ? null : String(limitNanos)}::bigint - used,
        case when ${creditOnly} then
          (select greatest(0, -balance_nanos) from account_balances where account = ${account})
            - (select sum(leased_nanos) from spend_periods where account = ${account}) end
      )) as granted from current
    )
    update spend_periods set leased_nanos = leased_nanos + plan.granted from plan
    where account = ${account} and period = ${period}
    returning plan.granted::text as granted`.execute(db);
  return BigInt(rows[0]?.granted ?? 0);
}

async function addToLease(
  db: Database,
  gateway: string,
  account: string,
  period: string,
  nanos: bigint,
): Promise<void> {
  await sql`
    insert into spend_leases (gateway, account, period, held_nanos)
    values (${gateway}, ${account}, ${period}, ${String(nanos)}::bigint)
    on conflict (gateway, account, period) do update
    set held_nanos = spend_leases.held_nanos + excluded.held_nanos, renew_time = now()`.execute(db);
}

/** What a holder has of an account's budget for a month, nano-dollars. */
export async function readHeld(
  db: Database,
  holder: string,
  account: string,
  period: string,
): Promise<number> {
  const { rows } = await sql<{ held: number }>`
    select held_nanos as held from spend_leases
    where gateway = ${holder} and account = ${account} and period = ${period}`.execute(db);
  return rows[0]?.held ?? 0;
}

interface LeaseReturn {
  readonly gateway: string;
  readonly account: string;
  readonly period: string;
  readonly nanos: bigint;
}

/** Gives money back to the budget: what is asked for, and never more than the gateway holds. */
async function returnLease(db: Database, { gateway, account, period, nanos }: LeaseReturn): Promise<void> {
  await withinTransaction(db, async (transaction) => {
    await sql`select from spend_periods where account = ${account} and period = ${period} for update`.execute(
      transaction,
    );
    const { rows } = await sql<{ rest: string }>`
      select least(held_nanos, ${String(nanos)}::bigint)::text as rest from spend_leases
      where gateway = ${gateway} and account = ${account} and period = ${period} for update`.execute(
      transaction,
    );
    const rest = rows[0]?.rest ?? '0';
    await sql`
      update spend_leases set held_nanos = held_nanos - ${rest}::bigint
      where gateway = ${gateway} and account = ${account} and period = ${period}`.execute(transaction);
    await sql`
      update spend_periods set leased_nanos = leased_nanos - ${rest}::bigint
      where account = ${account} and period = ${period}`.execute(transaction);
  });
}

/**
 * Gives back all that a gateway holds: when it starts (what its last life left, once that life's usage is
 * stored) and for gateways that have not renewed anything since `olderThan` (they died for good).
 */
export async function returnAllLeases(
  db: Database,
  which: { readonly gateway: string } | { readonly olderThan: Date },
): Promise<void> {
  const condition =
    'gateway' in which
      ? sql`gateway = ${which.gateway}`
      : sql`renew_time < ${which.olderThan.toISOString()}::timestamptz`;
  await withinTransaction(db, async (transaction) => {
    // The month first, then the lease, as everybody does: else a lease that grows just now and this one wait
    // for each other. Leases made after this look are not touched.
    const { rows } = await sql<{ account: string; period: string }>`
      select account, period from spend_periods
      where (account, period) in (select account, period from spend_leases where ${condition})
      order by account, period for update`.execute(transaction);
    const accounts = rows.map((row) => row.account);
    const periods = rows.map((row) => row.period);
    await sql`
      with gone as (
        delete from spend_leases where ${condition}
          and (account, period) in (select * from unnest(${accounts}::text[], ${periods}::text[]))
        returning account, period, held_nanos
      ), totals as (select account, period, sum(held_nanos) as held from gone group by account, period)
      update spend_periods set leased_nanos = leased_nanos - totals.held from totals
      where spend_periods.account = totals.account and spend_periods.period = totals.period`.execute(
      transaction,
    );
  });
}
