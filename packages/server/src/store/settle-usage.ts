import { sql } from 'kysely';
import type { UsageRecord } from '../inference/metering.ts';
import { addCharges } from './charges.ts';
import type { Database } from './database.ts';
import { lockBalances } from './journal.ts';

/** A usage row that was stored just now, as far as money goes. */
export interface CostlyUsage {
  readonly requestId: string;
  readonly account: string;
  readonly user: string;
  readonly apiKeyId: string;
  readonly model: string;
  readonly deployment: string;
  /** Month whose budget it was reserved from; empty: none was, and the month of its time counts. */
  readonly period: string;
  readonly costNanos: number;
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly completionTokens: number;
  readonly time: Date;
}

export function toCostly(usage: UsageRecord): CostlyUsage {
  const { period = '', costNanos = 0, startTimeMs } = usage;
  return { ...usage, period, costNanos, time: new Date(startTimeMs) };
}

/** What a lease holder has to settle for an account and month. */
export interface SpendTotal {
  readonly account: string;
  readonly period: string;
  readonly nanos: bigint;
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
  await lockBalances(
    transaction,
    costly.map((usage) => usage.account),
  );
  if (costly.length > 0) {
    await bookUsage(transaction, costly);
    await settleTotals(
      transaction,
      gateway,
      costly.map((usage) => ({
        account: usage.account,
        period: periodOf(usage),
        nanos: BigInt(usage.costNanos),
      })),
    );
  }
  await addCharges(transaction, stored.map(toCharge));
}

function periodOf(usage: CostlyUsage): string {
  return usage.period === '' ? usage.time.toISOString().slice(0, 7) : usage.period;
}

function toCharge(usage: CostlyUsage) {
  return {
    ...usage,
    period: periodOf(usage),
    day: usage.time.toISOString().slice(0, 10),
    kind: 'inference' as const,
    requestCount: 1,
  };
}

/** Moves costs from what a lease holder holds to what is settled. */
export async function settleTotals(
  transaction: Database,
  holder: string,
  costs: readonly SpendTotal[],
): Promise<void> {
  const totals = new Map<string, SpendTotal>();
  for (const { account, period, nanos } of costs) {
    const key = `${account} ${period}`;
    totals.set(key, { account, period, nanos: nanos + (totals.get(key)?.nanos ?? 0n) });
  }
  // Always in the same order: two holders that settle for the same accounts must not wait for each other in a
  // ring.
  for (const key of [...totals.keys()].sort()) await settleTotal(transaction, holder, totals.get(key)!);
}

async function settleTotal(transaction: Database, holder: string, total: SpendTotal): Promise<void> {
  const { account, period } = total;
  const nanos = String(total.nanos);
  await sql`insert into spend_periods (account, period) values (${account}, ${period}) on conflict do nothing`.execute(
    transaction,
  );
  // In the order of the lease source: the month first, then the lease.
  await sql`select from spend_periods where account = ${account} and period = ${period} for update`.execute(
    transaction,
  );
  const { rows } = await sql<{ held: string }>`
    select least(held_nanos, ${nanos}::bigint)::text as held from spend_leases
    where gateway = ${holder} and account = ${account} and period = ${period} for update`.execute(
    transaction,
  );
  const held = rows[0]?.held ?? '0';
  await sql`
    update spend_leases set held_nanos = held_nanos - ${held}::bigint, renew_time = now()
    where gateway = ${holder} and account = ${account} and period = ${period}`.execute(transaction);
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
  await sql`
    update account_balances set balance_nanos = balance_nanos + added.nanos
    from (
      select account, sum(amount) as nanos from unnest(${accounts}::text[], ${amounts}::bigint[]) as row (account, amount)
      group by account
    ) as added
    where account_balances.account = added.account`.execute(transaction);
}
