import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createKeyDirectory } from '../store/key-directory.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing.ts';
import { type FirstAccountOptions, makeFirstAccount } from './first-account.ts';

let database: TestDatabase;
let options: FirstAccountOptions;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-account-'));
  options = { providerAccount: 'fireworks', account: 'local', apiKeyFile: join(folder, 'api-key') };
  await database.db.deleteFrom('api_keys').execute();
  return () => rm(folder, { recursive: true });
});

const findKey = async (key: string) => {
  const keys = createKeyDirectory(database.db);
  await keys.load();
  return keys.find(key);
};

test('the first start makes accounts, an admin and a key that works, kept for its owner alone', async () => {
  const key = await makeFirstAccount(database.db, options);
  expect(await findKey(key!)).toMatchObject({
    account: 'local',
    user: 'accounts/local/users/admin',
    role: 'admin',
  });
  expect(await readFile(options.apiKeyFile, 'utf8')).toBe(`${key}\n`);
  expect((await stat(options.apiKeyFile)).mode & 0o777).toBe(0o600);
});

test('later starts make nothing and show nothing', async () => {
  await makeFirstAccount(database.db, options);
  expect(await makeFirstAccount(database.db, options)).toBeNull();
  expect(await database.db.selectFrom('api_keys').selectAll().execute()).toHaveLength(1);
});

test('a start that died between writing the file and storing the key is completed with that key', async () => {
  const key = await makeFirstAccount(database.db, options);
  await database.db.deleteFrom('api_keys').execute();
  expect(await makeFirstAccount(database.db, options)).toBe(key);
  expect(await findKey(key!)).not.toBeNull();
});

test('a key file that somebody removed is not made again', async () => {
  await makeFirstAccount(database.db, options);
  await rm(options.apiKeyFile);
  expect(await makeFirstAccount(database.db, options)).toBeNull();
  await expect(stat(options.apiKeyFile)).rejects.toThrow('ENOENT');
});
