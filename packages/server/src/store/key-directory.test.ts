import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createKeyDirectory, type LoadedKeyDirectory } from './key-directory.ts';
import { hashKey, makeKey, readKeySalt } from './key-hash.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
let nowMs = Date.parse('2026-01-01T00:00:00Z');
let keys: LoadedKeyDirectory;

beforeAll(async () => {
  database = await openTestDatabase();
  const { db } = database;
  await db.insertInto('accounts').values({ id: 'acme' }).execute();
  await db
    .insertInto('users')
    .values({ name: 'accounts/acme/users/ann', account: 'acme', role: 'admin' })
    .execute();
  keys = createKeyDirectory(db, () => nowMs);
});
afterAll(() => database.close());
beforeEach(() => database.db.deleteFrom('api_keys').execute());

async function storeKey(id: string, expireTime: Date | null = null): Promise<string> {
  const { key, prefix } = makeKey();
  await database.db
    .insertInto('api_keys')
    .values({
      id,
      account: 'acme',
      user_name: 'accounts/acme/users/ann',
      prefix,
      hash: hashKey(await readKeySalt(database.db), key),
      expire_time: expireTime,
    })
    .execute();
  return key;
}

describe('a loaded directory', () => {
  test('finds who a key belongs to', async () => {
    const key = await storeKey('k1');
    await keys.load();
    expect(keys.find(key)).toEqual({
      account: 'acme',
      user: 'accounts/acme/users/ann',
      role: 'admin',
      apiKeyId: 'k1',
      isServiceAccount: false,
      excludeStop: null,
      logsRequests: false,
    });
  });

  test('knows no key that differs in one character, is a prefix, or is empty', async () => {
    const key = await storeKey('k1');
    await keys.load();
    const changed = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
    for (const wrong of [changed, key.slice(0, -1), `${key}x`, '']) expect(keys.find(wrong)).toBeNull();
  });

  test('lets a key go at the moment it expires, without being loaded again', async () => {
    const key = await storeKey('k1', new Date(nowMs + 1000));
    await keys.load();
    expect(keys.find(key)?.apiKeyId).toBe('k1');
    nowMs += 1000;
    expect(keys.find(key)).toBeNull();
  });

  test('forgets a key that was deleted once it is loaded again', async () => {
    const key = await storeKey('k1');
    await keys.load();
    await database.db.deleteFrom('api_keys').execute();
    await keys.load();
    expect(keys.find(key)).toBeNull();
  });
});

test('the database holds neither the key nor anything it could be read from', async () => {
  const key = await storeKey('k1');
  const row = await database.db.selectFrom('api_keys').selectAll().executeTakeFirstOrThrow();
  const stored = JSON.stringify({ ...row, hash: row.hash.toString('base64') });
  expect(stored).not.toContain(key);
  expect(stored).not.toContain(key.slice(7));
});

test('the salt is made once for a database', async () => {
  const [one, two] = await Promise.all([readKeySalt(database.db), readKeySalt(database.db)]);
  expect(one).toEqual(two);
  expect(one).toHaveLength(32);
});
