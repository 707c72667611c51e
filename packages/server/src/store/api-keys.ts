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
  readonly use_time: Date | null;
  readonly models: string[] | null;
  readonly deployments: string[] | null;
  readonly is_read_only: boolean;
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
  lastUseTime: nullableColumn(sql`use_time`),
  models: unset,
  deployments: unset,
  readOnly: column(sql`is_read_only`),
};

/** Keys of an account, or with `user` of one user of it. Hashes never leave the database. */
export function listApiKeys(
  db: Database,
  owner: { readonly account: string; readonly user: string | null },
  query: ListQuery,
): Promise<ListPage<StoredApiKey>> {
  const ofUser = owner.user === null ? sql`` : sql`and api_keys.user_name = ${owner.user}`;
  const source = {
    from: sql`api_keys join users on users.name = api_keys.user_name
      left join api_key_uses on api_key_uses.api_key_id = api_keys.id`,
    columns: sql`api_keys.id, api_keys.display_name, prefix, api_keys.create_time, expire_time, email,
      use_time, models, deployments, is_read_only`,
    scope: sql`api_keys.account = ${owner.account} ${ofUser}`,
    fields,
    uniqueKey: sql`api_keys.id`,
  };
  return listRows(db, source, query, toApiKey);
}

export interface KeySettings {
  readonly displayName: string;
  readonly expireTime: Date | null;
  /** Full names that it may query; null: all. */
  readonly models: readonly string[] | null;
  readonly deployments: readonly string[] | null;
  readonly isReadOnly: boolean;
}

/** A key as it can be made again: with its user. Null when the account (or the user) has none of that id. */
export async function readKeySettings(
  db: Database,
  owner: { readonly account: string; readonly user: string | null },
  keyId: string,
): Promise<(KeySettings & { readonly user: string }) | null> {
  const row = await db
    .selectFrom('api_keys')
    .selectAll()
    .where('id', '=', keyId)
    .where('account', '=', owner.account)
    .$if(owner.user !== null, (query) => query.where('user_name', '=', owner.user ?? ''))
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    user: row.user_name,
    displayName: row.display_name,
    expireTime: row.expire_time,
    models: row.models,
    deployments: row.deployments,
    isReadOnly: row.is_read_only,
  };
}

/** Lets a key end at a time, unless it ends before. */
export async function expireApiKey(db: Database, keyId: string, time: Date): Promise<void> {
  await sql`update api_keys set expire_time = least(expire_time, ${time}) where id = ${keyId}`.execute(db);
}

/** Notes when keys were used. Keys that are gone are left out. */
export async function writeKeyUses(db: Database, uses: ReadonlyMap<string, number>): Promise<void> {
  if (uses.size === 0) return;
  const times = [...uses.values()].map((timeMs) => new Date(timeMs).toISOString());
  await sql`
    insert into api_key_uses (api_key_id, use_time)
    select used.id, used.time from unnest(${[...uses.keys()]}::text[], ${times}::timestamptz[]) as used (id, time)
    join api_keys on api_keys.id = used.id order by used.id
    on conflict (api_key_id) do update set use_time = greatest(api_key_uses.use_time, excluded.use_time)`.execute(
    db,
  );
}

/** Makes a key of a user. The reply alone holds the key itself. */
export async function insertApiKey(
  db: Database,
  owner: { readonly account: string; readonly user: string; readonly email: string },
  settings: KeySettings,
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
      models: settings.models === null ? null : [...settings.models],
      deployments: settings.deployments === null ? null : [...settings.deployments],
      is_read_only: settings.isReadOnly,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { ...toApiKey({ ...row, email: owner.email, use_time: null }), key };
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
    ...(row.use_time === null ? {} : { lastUseTime: row.use_time.toISOString() }),
    models: row.models ?? [],
    deployments: row.deployments ?? [],
    readOnly: row.is_read_only,
  };
}
