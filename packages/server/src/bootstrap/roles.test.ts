import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../store/database.ts';
import { hashKey, makeKey, readKeySalt } from '../store/key-hash.ts';
import { findProcess, makeDataFolder, removeFolder, startTestServer, type TestServer } from './testing.ts';

let folders: string[];

beforeEach(async () => {
  folders = [await makeDataFolder(), await makeDataFolder()];
});
afterEach(async () => {
  for (const folder of folders.reverse()) await removeFolder(folder);
});

async function ask(server: TestServer, key: string): Promise<number> {
  const response = await fetch(`${server.baseUrl}/inference/v1/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'smollm2-135m-instruct', prompt: 'hello', max_tokens: 4 }),
  });
  await response.text();
  return response.status;
}

test('a gateway in a process of its own serves what the reconciler of another runs, and follows its changes', async () => {
  const [wholeFolder = '', gatewayFolder = ''] = folders;
  const socketFolder = join(wholeFolder, 'run', 'pg');
  const whole = await startTestServer({ dataFolder: wholeFolder });
  const gateway = await startTestServer({
    dataFolder: gatewayFolder,
    env: {
      SPARKLER_ROLES: 'gateway',
      DATABASE_URL: `postgres://sparkler@localhost/postgres?host=${encodeURIComponent(socketFolder)}`,
    },
  });
  const firstKey = (await readFile(join(wholeFolder, 'api-key'), 'utf8')).trim();
  await expect.poll(() => ask(gateway, firstKey), { timeout: 30_000 }).toBe(200);
  // It runs neither a database nor an engine.
  expect(findProcess(gatewayFolder, /postgres -D|engine\/src\/main\.ts/)).toBeUndefined();

  const { key, prefix } = makeKey();
  const { db, close } = openDatabase(
    { socketFolder, user: 'sparkler', database: 'postgres' },
    () => undefined,
  );
  expect(await ask(gateway, key)).toBe(401);
  const hash = hashKey(await readKeySalt(db), key);
  const owner = { account: 'local', user_name: 'accounts/local/users/admin' };
  await db
    .insertInto('api_keys')
    .values({ id: 'k2', ...owner, prefix, hash, expire_time: null })
    .execute();
  await expect.poll(() => ask(gateway, key), { timeout: 10_000 }).toBe(200);
  await db.deleteFrom('api_keys').where('id', '=', 'k2').execute();
  await expect.poll(() => ask(gateway, key), { timeout: 10_000 }).toBe(401);
  await close();

  for (const server of [gateway, whole]) {
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  }
});
