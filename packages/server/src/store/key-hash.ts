import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { DatabaseOrTransaction } from './database.ts';

/** Starts every key, so that secret scanners and people recognise one. */
const keyPrefix = 'fw_';

export interface NewKey {
  /** Shown once, stored nowhere in the database. */
  readonly key: string;
  /** Not secret: enough to tell keys apart. */
  readonly prefix: string;
}

/** Makes a key with 192 random bits: nothing to guess, so a fast hash is safe to look it up by. */
export function makeKey(): NewKey {
  const key = keyPrefix + randomBytes(24).toString('base64url');
  return { key, prefix: key.slice(0, keyPrefix.length + 4) };
}

/** The form OpenSSL wants a salt in, made once for each: making it anew costs four times the hash. */
const prepared = new WeakMap<Buffer, KeyObject>();

/**
 * HMAC-SHA-256 under the server's salt: the form in which keys are stored and looked up. The salt's bytes
 * must not be changed afterwards.
 */
export function hashKey(salt: Buffer, key: string): Buffer {
  let secret = prepared.get(salt);
  if (secret === undefined) {
    secret = createSecretKey(salt);
    prepared.set(salt, secret);
  }
  return createHmac('sha256', secret).update(key).digest();
}

/** The salt of this database, made on first use. All servers of a database share it. */
export async function readKeySalt(db: DatabaseOrTransaction): Promise<Buffer> {
  await db
    .insertInto('server_secrets')
    .values({ name: 'api-key-salt', value: randomBytes(32) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db
    .selectFrom('server_secrets')
    .select('value')
    .where('name', '=', 'api-key-salt')
    .executeTakeFirstOrThrow();
  return row.value;
}
