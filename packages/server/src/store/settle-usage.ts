import { sql } from 'kysely';
import type { Database } from './database.ts';

/** A usage row that was stored just now, as far as money goes. */
export interface CostlyUsage {
  readonly requestId: string;
  readonly account: string;
  readonly model: string;
  readonly period: string;
  readonly costNanos: number;
  readonly time: Date;
}

/**
 * Books the cost of requests: once each, in the transaction that stored their usage rows. Moves it from what
 * the gateway holds (as far as it holds anything: accounts without a limit need no lease) to what is settled.
 */
export async function settleUsage(
  transaction: Database,
  gateway: string,
  stored: readonly CostlyUsage[],
): Promise<void> {
  const costly = stored.filter((usage) => usage.costNanos > 0);
  if (costly.length === 0) return;
  await bookUsage(transaction, costly);
  const totals = new Map<string, { account: string; period: string; nanos: bigint }>();
  for (const { account, period, costNanos } of costly) {
    const key = `${account} ${period}`;
    const total = totals.get(key) ?? { account, period, nanos: 0n };
    totals.set(key, { ...total, nanos: total.nanos + BigInt(costNanos) });
  }
  // Always in the same order: two gateways that settle for the same accounts must not wait for each other in
  // a ring.
  for (const key of [...totals.keys()].sort()) await settleTotal(transaction, gateway, totals.get(key)!);
}

async function settleTotal(
  transaction: Database,
  gateway: string,
  total: { readonly account: string; readonly period: string; readonly nanos: bigint },
): Promise<void> {
  const { account, period } = total;
  const nanos = String(total.nanos);
  await sql`insert into spend_periods (account, period) values (${account}, ${period}) on conflict do nothing`.execute(
    transaction,
  );
  const { rows } = await sql<{ held: string }>`
    select least(held_nanos, ${nanos}::bigint)::text as held from spend_leases
    where gateway = ${gateway} and account = ${account} and period = ${period} for update`.execute(
    transaction,
  );
  const held = rows[0]?.held ?? '0';
  await sql`
    update spend_leases set held_nanos = held_nanos - ${held}::bigint, renew_time = now()
    where gateway = ${gateway} and account = ${account} and period = ${period}`.execute(transaction);
  await sql`
    update spend_periods
    set settled_nanos = settled_nanos + ${nanos}::bigint, leased_nanos = leased_nanos - ${held}::bigint
    where account = ${account} and period = ${period}`.execute(transaction);
}

/** Double entry: what the account owes goes up, revenue (a negative balance) goes with it. */
async function bookUsage(transaction: Database, costly: readonly CostlyUsage[]): Promise<void> {
  const ids = costly.map((usage) => `usage/${usage.requestId}`);
  const accounts = costly.map((usage) => usage.account);
  const times = costly.map((usage) => usage.time.toISOString());
  const models = costly.map((usage) => usage.model);
  const amounts = costly.map((usage) => String(usage.costNanos));
  await sql`
    insert into ledger_transactions (id, account, kind, time, detail)
    select id, account, 'usage', time, jsonb_build_object('model', model)
    from unnest(${ids}::text[], ${accounts}::text[], ${times}::timestamptz[], ${models}::text[])
      as row (id, account, time, model)`.execute(transaction);
  await sql`
    insert into ledger_entries (transaction_id, ledger_account, amount_nanos)
    select id, entry.ledger_account, entry.sign * amount
    from unnest(${ids}::text[], ${accounts}::text[], ${amounts}::bigint[]) as row (id, account, amount)
    cross join lateral (values ('receivable/' || account, 1), ('revenue/inference', -1)) as entry (ledger_account, sign)`.execute(
    transaction,
  );
}
