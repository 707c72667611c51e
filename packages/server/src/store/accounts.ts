import type { ListPage, ListQuery } from '@sparkler/api';
import type { Account } from '@sparkler/api/resources';
import { type Selectable, sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { column, type FieldMap, namedColumns, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';
import type { ReconcileRequest } from './reconcile-queue.ts';
import type { AccountsTable } from './schema.ts';
import { listStoppable } from './standing-facts.ts';

export type StoredAccount = Static<typeof Account>;

const fields: FieldMap = {
  name: column(sql`('accounts/' || id)`),
  ...namedColumns(
    'displayName',
    'createTime',
    'updateTime',
    'accountType',
    'email',
    'suspendState',
    'stopText',
    'logRequests',
    'tier',
  ),
  state: column(sql`'READY'::text`),
  status: unset,
  paymentMethod: column(sql`case payment_method when '' then 'NONE' else upper(payment_method) end`),
};

export async function readAccount(db: Database, id: string): Promise<StoredAccount | null> {
  const row = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? toAccount(row) : null;
}

/** The same, locked until the transaction ends. */
export async function lockAccount(db: DatabaseOrTransaction, id: string): Promise<StoredAccount | null> {
  const query = db.selectFrom('accounts').selectAll().where('id', '=', id).forUpdate();
  const row = await query.executeTakeFirst();
  return row ? toAccount(row) : null;
}

/**
 * Accounts that a user's person belongs to: the user's own, and those where a user has the same e-mail. All
 * accounts when no user is named.
 */
export function listAccountsOfUser(
  db: Database,
  user: string | null,
  query: ListQuery,
): Promise<ListPage<StoredAccount>> {
  const scope = sql`(${user}::text is null or id in (
    select account from users where name = ${user}
    union
    select other.account from users as own join users as other on lower(other.email) = lower(own.email)
    where own.name = ${user} and own.email <> '' and other.email <> ''))`;
  const source = { from: sql`accounts`, scope, fields, uniqueKey: sql`id` };
  return listRows(db, source, query, toAccount);
}

/** Writes what may be changed of an account. */
export async function updateAccount(db: DatabaseOrTransaction, account: StoredAccount): Promise<void> {
  await db
    .updateTable('accounts')
    .set({
      display_name: account.displayName ?? '',
      email: account.email ?? '',
      stop_text: account.stopText ?? 'STOP_TEXT_UNSPECIFIED',
      log_requests: account.logRequests ?? false,
      account_type: account.accountType ?? 'ACCOUNT_TYPE_UNSPECIFIED',
      ...toMoneyColumns(account),
      update_time: nextUpdateTime,
    })
    .where('id', '=', account.name!.slice('accounts/'.length))
    .execute();
}

/** Makes an account. Throws the database's error when the id is taken. */
export async function insertAccount(db: Database, account: StoredAccount): Promise<void> {
  await db
    .insertInto('accounts')
    .values({
      id: account.name!.slice('accounts/'.length),
      display_name: account.displayName ?? '',
      account_type: account.accountType ?? 'DEVELOPER',
      email: account.email ?? '',
      ...toMoneyColumns(account),
    })
    .execute();
}

function toMoneyColumns({ tier, paymentMethod }: StoredAccount) {
  const methods = { PAYMENT_METHOD_UNSPECIFIED: '', NONE: '', MANUAL: 'manual', HOUSE: 'house' } as const;
  return {
    tier: tier === undefined || tier === 'TIER_UNSPECIFIED' ? ('TIER_1' as const) : tier,
    payment_method: methods[paymentMethod ?? 'NONE'],
  };
}

/** Blocks an account or lifts that; what else suspends it is for the review to find. */
export async function writeBlocked(
  db: Database,
  queue: { request(request: ReconcileRequest, within?: Database): Promise<void> },
  account: string,
  isBlocked: boolean,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`
      update accounts set suspend_state = ${isBlocked ? 'BLOCKED_BY_ABUSE_RULE' : 'UNSUSPENDED'},
        update_time = ${nextUpdateTime}
      where id = ${account} and (${isBlocked} or suspend_state = 'BLOCKED_BY_ABUSE_RULE')`.execute(
      transaction,
    );
    for (const request of await listStoppable(transaction, account))
      await queue.request(request, transaction);
  });
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
    tier: row.tier,
    paymentMethod: row.payment_method === '' ? 'NONE' : row.payment_method === 'manual' ? 'MANUAL' : 'HOUSE',
  };
}
