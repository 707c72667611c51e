import type { ListPage, ListQuery } from '@sparkler/api';
import type { Account } from '@sparkler/api/resources';
import { type Selectable, sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database } from './database.ts';
import { column, type FieldMap, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';
import type { AccountsTable } from './schema.ts';

export type StoredAccount = Static<typeof Account>;

const fields: FieldMap = {
  name: column(sql`('accounts/' || id)`),
  displayName: column(sql`display_name`),
  createTime: column(sql`create_time`),
  updateTime: column(sql`update_time`),
  accountType: column(sql`account_type`),
  email: column(sql`email`),
  state: column(sql`'READY'::text`),
  status: unset,
  suspendState: column(sql`suspend_state`),
  stopText: column(sql`stop_text`),
  logRequests: column(sql`log_requests`),
};

export async function readAccount(db: Database, id: string): Promise<StoredAccount | null> {
  const row = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? toAccount(row) : null;
}

/** Accounts that a user's person belongs to: the user's own, and those where a user has the same e-mail. */
export function listAccountsOfUser(
  db: Database,
  user: string,
  query: ListQuery,
): Promise<ListPage<StoredAccount>> {
  const scope = sql`id in (
    select account from users where name = ${user}
    union
    select other.account from users as own join users as other on lower(other.email) = lower(own.email)
    where own.name = ${user} and own.email <> '' and other.email <> '')`;
  const source = { from: sql`accounts`, scope, fields, uniqueKey: sql`id` };
  return listRows(db, source, query, toAccount);
}

/** Writes what the administrators of an account may change. */
export async function updateAccount(db: Database, account: StoredAccount): Promise<StoredAccount> {
  const row = await db
    .updateTable('accounts')
    .set({
      display_name: account.displayName ?? '',
      email: account.email ?? '',
      stop_text: account.stopText ?? 'STOP_TEXT_UNSPECIFIED',
      log_requests: account.logRequests ?? false,
      update_time: nextUpdateTime,
    })
    .where('id', '=', account.name!.slice('accounts/'.length))
    .returningAll()
    .executeTakeFirstOrThrow();
  return toAccount(row);
}

function toAccount(row: Selectable<AccountsTable>): StoredAccount {
  return {
    name: `accounts/${row.id}`,
    displayName: row.display_name,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    accountType: row.account_type as NonNullable<StoredAccount['accountType']>,
    email: row.email,
    state: 'READY',
    suspendState: row.suspend_state as NonNullable<StoredAccount['suspendState']>,
    stopText: row.stop_text,
    logRequests: row.log_requests,
  };
}
