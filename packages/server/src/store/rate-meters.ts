import { sql } from 'kysely';
import { type Database, type DatabaseOrTransaction, withinTransaction } from './database.ts';

/**
 * Changes the meters of an account, which nobody else changes meanwhile. `change` gets what is stored (null:
 * nothing yet) and the database's clock in ms, the same one for all gateways; its `state` is stored.
 */
export function changeRateMeters<State, Result extends { readonly meters: State }>(
  db: Database,
  account: string,
  change: (state: State | null, nowMs: number) => Result,
): Promise<Result> {
  return withinTransaction(db, async (transaction) => {
    const locked =
      (await readLocked<State>(transaction, account)) ?? (await makeRow<State>(transaction, account));
    const result = change(locked.state, locked.now);
    await sql`update rate_meters set state = ${JSON.stringify(result.meters)}::jsonb where account = ${account}`.execute(
      transaction,
    );
    return result;
  });
}

/** Accounts whose meters name a gateway. */
export async function listMeteredBy(db: DatabaseOrTransaction, gateway: string): Promise<string[]> {
  const { rows } = await sql<{ account: string }>`
    select account from rate_meters where position(${gateway} in state::text) > 0 order by account`.execute(
    db,
  );
  return rows.map((row) => row.account);
}

interface LockedRow<State> {
  readonly state: State | null;
  readonly now: number;
}

async function readLocked<State>(
  db: DatabaseOrTransaction,
  account: string,
): Promise<LockedRow<State> | undefined> {
  const { rows } = await sql<LockedRow<State>>`
    select state, extract(epoch from clock_timestamp())::float8 * 1000 as now from rate_meters
    where account = ${account} for update`.execute(db);
  return rows[0];
}

async function makeRow<State>(db: DatabaseOrTransaction, account: string): Promise<LockedRow<State>> {
  await sql`insert into rate_meters (account) values (${account}) on conflict do nothing`.execute(db);
  return (await readLocked<State>(db, account))!;
}

/** What is stored of an account now; null: nothing yet. */
export async function readRateMeters<State>(
  db: DatabaseOrTransaction,
  account: string,
): Promise<State | null> {
  const { rows } = await sql<{ state: State | null }>`
    select state from rate_meters where account = ${account}`.execute(db);
  return rows[0]?.state ?? null;
}
