import { randomUUID } from 'node:crypto';
import type { ListPage, ListQuery } from '@sparkler/api';
import type { ApiKey } from '@sparkler/api/resources';
import { sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database } from './database.ts';
import { hashKey, makeKey, readKeySalt } from './key-hash.ts';
import { column, type FieldMap, nullableColumn, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';

export type StoredApiKey = Static<typeof ApiKey>;

interface ApiKeyRow {
  readonly id: string;
  readonly display_name: string;
  readonly prefix: string;
  readonly create_time: Date;
  readonly expire_time: Date | null;
  readonly email: string;
}

const fields: FieldMap = {
  keyId: column(sql`api_keys.id`),
  displayName: column(sql`api_keys.display_name`),
  key: unset,
  prefix: column(sql`api_keys.prefix`),
  createTime: column(sql`api_keys.create_time`),
  expireTime: nullableColumn(sql`api_keys.expire_time`),
  secure: column(sql`true::boolean`),
  email: column(sql`users.email`),
};

/** Keys of an account, or with `user` of one user of it. Hashes never leave the database. */
export function listApiKeys(
  db: Database,
  owner: { readonly account: string; readonly user: string | null },
  query: ListQuery,
): Promise<ListPage<StoredApiKey>> {
  const ofUser = owner.user === null ? sql`` : sql`and api_keys.user_name = ${owner.user}`;
  const source = {
    from: sql`api_keys join users on users.name = api_keys.user_name`,
    columns: sql`api_keys.id, api_keys.display_name, prefix, api_keys.create_time, expire_time, email`,
    scope: sql`api_keys.account = ${owner.account} ${ofUser}`,
    fields,
    uniqueKey: sql`api_keys.id`,
  };
  return listRows(db, source, query, toApiKey);
}

/** Makes a key of a user. The reply alone holds the key itself. */
export async function insertApiKey(
  db: Database,
  owner: { readonly account: string; readonly user: string; readonly email: string },
  settings: { readonly displayName: string; readonly expireTime: Date | null },
): Promise<StoredApiKey> {
  const { key, prefix } = makeKey();
  const hash = hashKey(await readKeySalt(db), key);
  const row = await db
    .insertInto('api_keys')
    .values({
      id: randomUUID(),
      account: owner.account,
      user_name: owner.user,
      display_name: settings.displayName,
      prefix,
      hash,
      expire_time: settings.expireTime,
    })
    .returning(['id', 'display_name', 'prefix', 'create_time', 'expire_time'])
    .executeTakeFirstOrThrow();
  return { ...toApiKey({ ...row, email: owner.email }), key };
}

/** Removes a key of an account, if it is of `user` or `user` is null. False when there is none. */
export async function deleteApiKey(
  db: Database,
  owner: { readonly account: string; readonly user: string | null },
  keyId: string,
): Promise<boolean> {
  const deleted = await db
    .deleteFrom('api_keys')
    .where('id', '=', keyId)
    .where('account', '=', owner.account)
    .$if(owner.user !== null, (query) => query.where('user_name', '=', owner.user ?? ''))
    .executeTakeFirst();
  return Number(deleted.numDeletedRows) > 0;
}

function toApiKey(row: ApiKeyRow): StoredApiKey {
  return {
    keyId: row.id,
    displayName: row.display_name,
    prefix: row.prefix,
    createTime: row.create_time.toISOString(),
    ...(row.expire_time === null ? {} : { expireTime: row.expire_time.toISOString() }),
    secure: true,
    email: row.email,
  };
}
