import type { ListPage, ListQuery } from '@sparkler/api';
import type { Secret } from '@sparkler/api/resources';
import { sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { type FieldMap, namedColumns, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';

/** A secret without its value. */
export type StoredSecret = Static<typeof Secret> & { readonly name: string; readonly keyName: string };

interface SecretRow {
  readonly name: string;
  readonly key_name: string;
  readonly sealed: string;
  readonly create_time: Date;
  readonly update_time: Date;
}

const fields: FieldMap = {
  ...namedColumns('name', 'keyName', 'createTime', 'updateTime'),
  value: unset,
};

export function listSecrets(
  db: Database,
  account: string,
  query: ListQuery,
): Promise<ListPage<StoredSecret>> {
  const source = { from: sql`secrets`, scope: sql`account = ${account}`, fields, uniqueKey: sql`name` };
  return listRows(db, source, query, toSecret);
}

/** Locked until the transaction ends, when it is read in one to be changed. */
export async function readSecret(
  db: DatabaseOrTransaction,
  name: string,
  { isLocked = false } = {},
): Promise<{ readonly secret: StoredSecret; readonly sealed: string } | null> {
  const lock = isLocked ? sql`for update` : sql``;
  const { rows } = await sql<SecretRow>`select * from secrets where name = ${name} ${lock}`.execute(db);
  return rows[0] === undefined ? null : { secret: toSecret(rows[0]), sealed: rows[0].sealed };
}

export async function insertSecret(
  db: Database,
  account: string,
  { name, keyName }: StoredSecret,
  sealed: string,
): Promise<StoredSecret> {
  const { rows } = await sql<SecretRow>`
    insert into secrets (name, account, key_name, sealed)
    values (${name}, ${account}, ${keyName}, ${sealed}) returning *`.execute(db);
  return toSecret(rows[0]!);
}

export async function updateSecret(
  db: DatabaseOrTransaction,
  { name, keyName }: StoredSecret,
  sealed: string,
): Promise<StoredSecret> {
  const { rows } = await sql<SecretRow>`
    update secrets set key_name = ${keyName}, sealed = ${sealed}, update_time = ${nextUpdateTime}
    where name = ${name} returning *`.execute(db);
  return toSecret(rows[0]!);
}

/** False when there is none. */
export async function deleteSecret(db: DatabaseOrTransaction, name: string): Promise<boolean> {
  const { numAffectedRows } = await sql`delete from secrets where name = ${name}`.execute(db);
  return numAffectedRows === 1n;
}

function toSecret(row: SecretRow): StoredSecret {
  return {
    name: row.name,
    keyName: row.key_name,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
  };
}
