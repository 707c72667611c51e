import { sql } from 'kysely';
import type { LedgerTransaction } from '../ledger/journal.ts';
import type { Database } from './database.ts';

/**
 * Books transactions in the transaction that is open, once each: ids that are booked already are left out.
 * Returns the ids that are new. Accounts are locked in order, so that two writers never wait in a ring.
 */
export async function bookTransactions(
  transaction: Database,
  booked: readonly LedgerTransaction[],
): Promise<ReadonlySet<string>> {
  if (booked.length === 0) return new Set();
  await lockBalances(
    transaction,
    booked.map((one) => one.account),
  );
  const added = await insertTransactions(transaction, booked);
  const entries = booked
    .filter((one) => added.has(one.id))
    .flatMap((one) => one.entries.map((entry) => ({ ...entry, id: one.id, account: one.account })));
  if (entries.length === 0) return added;
  await sql`
    insert into ledger_entries (transaction_id, ledger_account, amount_nanos)
    select * from unnest(
      ${entries.map((entry) => entry.id)}::text[],
      ${entries.map((entry) => entry.ledgerAccount)}::text[],
      ${entries.map((entry) => String(entry.nanos))}::bigint[])`.execute(transaction);
  await addToBalances(transaction, entries);
  return added;
}

/** Makes the rows of accounts that have none, and locks them. */
export async function lockBalances(transaction: Database, accounts: readonly string[]): Promise<void> {
  const ids = [...new Set(accounts)].sort();
  await sql`
    insert into account_balances (account) select * from unnest(${ids}::text[]) on conflict do nothing`.execute(
    transaction,
  );
  await sql`select from account_balances where account = any(${ids}::text[]) order by account for update`.execute(
    transaction,
  );
}

async function insertTransactions(
  transaction: Database,
  booked: readonly LedgerTransaction[],
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    insert into ledger_transactions (id, account, kind, time, detail)
    select * from unnest(
      ${booked.map((one) => one.id)}::text[],
      ${booked.map((one) => one.account)}::text[],
      ${booked.map((one) => one.kind)}::text[],
      ${booked.map((one) => new Date(one.timeMs).toISOString())}::timestamptz[],
      ${booked.map((one) => JSON.stringify(one.detail ?? {}))}::jsonb[])
    on conflict (id) do nothing returning id`.execute(transaction);
  return new Set(rows.map((row) => row.id));
}

async function addToBalances(
  transaction: Database,
  entries: readonly { readonly account: string; readonly ledgerAccount: string; readonly nanos: bigint }[],
): Promise<void> {
  const totals = new Map<string, bigint>();
  for (const { account, ledgerAccount, nanos } of entries) {
    if (ledgerAccount !== `receivable/${account}`) continue;
    totals.set(account, (totals.get(account) ?? 0n) + nanos);
  }
  await sql`
    update account_balances set balance_nanos = balance_nanos + added.nanos
    from unnest(${[...totals.keys()]}::text[], ${[...totals.values()].map(String)}::bigint[]) as added (account, nanos)
    where account_balances.account = added.account`.execute(transaction);
}
