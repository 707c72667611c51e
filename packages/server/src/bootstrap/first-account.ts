import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Database, DatabaseOrTransaction } from '../store/database.ts';
import { hashKey, makeKey, readKeySalt } from '../store/key-hash.ts';

export interface FirstAccountOptions {
  readonly providerAccount: string;
  readonly account: string;
  /** File that keeps the first key, readable by its owner only. */
  readonly apiKeyFile: string;
}

/**
 * Makes what is missing of: the provider account, the first account, its admin user, and a key for that user.
 * Returns the key when it was made now, else null. May be repeated, and may die at any line.
 */
export async function makeFirstAccount(db: Database, options: FirstAccountOptions): Promise<string | null> {
  const user = `accounts/${options.account}/users/admin`;
  await db.transaction().execute(async (transaction) => {
    await makeAccount(transaction, options.providerAccount, 'Model provider');
    // Whoever runs the server does not pay for it: limits are for the accounts that they add.
    await makeAccount(transaction, options.account, options.account);
    await transaction
      .insertInto('users')
      .values({ name: user, account: options.account, display_name: 'Administrator', role: 'admin' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
  const existing = await db
    .selectFrom('api_keys')
    .select('id')
    .where('account', '=', options.account)
    .executeTakeFirst();
  // Keys are made by people from here on; a key file that was deleted stays deleted.
  if (existing) return null;
  return makeFirstKey(db, user, options);
}

async function makeAccount(db: DatabaseOrTransaction, id: string, displayName: string): Promise<void> {
  await db
    .insertInto('accounts')
    .values({ id, display_name: displayName, tier: 'UNLIMITED', payment_method: 'house' })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The file comes first: a start killed in between finds the key there and stores that one. */
async function makeFirstKey(db: Database, user: string, options: FirstAccountOptions): Promise<string> {
  const kept = (await readFile(options.apiKeyFile, 'utf8').catch(() => '')).trim();
  const { key } = kept === '' ? makeKey() : { key: kept };
  if (kept === '') await writePrivateFile(options.apiKeyFile, `${key}\n`);
  await db
    .insertInto('api_keys')
    .values({
      id: randomUUID(),
      account: options.account,
      user_name: user,
      display_name: 'first key',
      prefix: key.slice(0, 7),
      hash: hashKey(await readKeySalt(db), key),
      expire_time: null,
    })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute();
  return key;
}

async function writePrivateFile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`;
  await writeFile(unfinished, text, { mode: 0o600 });
  await rename(unfinished, path);
}
