import type { ListPage, ListQuery } from '@sparkler/api';
import type { User } from '@sparkler/api/resources';
import { type Selectable, sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { column, type FieldMap, namedColumns, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';
import type { UsersTable } from './schema.ts';

export type StoredUser = Static<typeof User> & { readonly name: string; readonly role: UsersTable['role'] };

const fields: FieldMap = {
  ...namedColumns('name', 'displayName', 'createTime', 'updateTime', 'role', 'email'),
  state: column(sql`'READY'::text`),
  status: unset,
  serviceAccount: column(sql`is_service_account`),
};

export function listUsers(db: Database, account: string, query: ListQuery): Promise<ListPage<StoredUser>> {
  const scope = sql`account = ${account}`;
  return listRows(db, { from: sql`users`, scope, fields, uniqueKey: sql`name` }, query, toUser);
}

export async function readUser(db: DatabaseOrTransaction, name: string): Promise<StoredUser | null> {
  const row = await db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst();
  return row ? toUser(row) : null;
}

/** The user, locked until the transaction ends, and with them all administrators of the account. */
export async function lockUser(db: DatabaseOrTransaction, account: string, name: string) {
  const rows = await db
    .selectFrom('users')
    .selectAll()
    .where('account', '=', account)
    .where((eb) => eb.or([eb('name', '=', name), eb('role', '=', 'admin')]))
    .orderBy('name')
    .forUpdate()
    .execute();
  const row = rows.find((candidate) => candidate.name === name);
  const otherAdmins = rows.filter((candidate) => candidate.role === 'admin' && candidate.name !== name);
  return { user: row ? toUser(row) : null, hasOtherAdmin: otherAdmins.length > 0 };
}

export async function insertUser(
  db: DatabaseOrTransaction,
  account: string,
  user: StoredUser,
): Promise<StoredUser> {
  const row = await db
    .insertInto('users')
    .values({ name: user.name, account, ...toColumns(user) })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toUser(row);
}

export async function updateUser(db: DatabaseOrTransaction, user: StoredUser): Promise<StoredUser> {
  const row = await db
    .updateTable('users')
    .set({ ...toColumns(user), update_time: nextUpdateTime })
    .where('name', '=', user.name)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toUser(row);
}

export async function deleteUser(db: DatabaseOrTransaction, name: string): Promise<void> {
  await db.deleteFrom('users').where('name', '=', name).execute();
}

function toColumns(user: StoredUser) {
  return {
    display_name: user.displayName ?? '',
    email: user.email ?? '',
    role: user.role,
    is_service_account: user.serviceAccount ?? false,
  };
}

function toUser(row: Selectable<UsersTable>): StoredUser {
  return {
    name: row.name,
    displayName: row.display_name,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    role: row.role,
    email: row.email,
    state: 'READY',
    serviceAccount: row.is_service_account,
  };
}
