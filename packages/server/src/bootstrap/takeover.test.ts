import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openDatabase } from '../store/database.ts';
import { startEmbeddedPostgres } from '../store/embedded-postgres/server.ts';
import {
  findProcessesOn,
  makeDataFolder,
  removeFolder,
  startTestServer,
  type TestServer,
} from './testing.ts';

// Two whole servers on one Postgres that belongs to neither.

let folders: string[];

beforeEach(async () => {
  folders = [await makeDataFolder(), await makeDataFolder(), await makeDataFolder()];
});
afterEach(async () => {
  for (const folder of folders) await removeFolder(folder);
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

test('two servers share the work; the one that leads is killed, and the other takes over', async () => {
  const [databaseFolder = '', firstFolder = '', secondFolder = ''] = folders;
  const postgres = await startEmbeddedPostgres({
    folder: join(databaseFolder, 'postgres'),
    socketFolder: databaseFolder,
    logPath: join(databaseFolder, 'postgres.log'),
    durable: false,
    onEvent: () => undefined,
  });
  const socketFolder = join(databaseFolder, 'pg');
  const env = {
    DATABASE_URL: `postgres://sparkler@localhost/postgres?host=${encodeURIComponent(socketFolder)}`,
  };
  const { db, close } = openDatabase(postgres.address, () => undefined);
  const readNodes = async () => [
    ...new Set((await db.selectFrom('replicas').select('node').execute()).map(({ node }) => node)),
  ];
  const first = await startTestServer({ dataFolder: firstFolder, env });
  const key = (await readFile(join(firstFolder, 'api-key'), 'utf8')).trim();
  await expect.poll(() => ask(first, key), { timeout: 60_000 }).toBe(200);
  const [leader] = await readNodes();

  // The second one serves requests on the replicas of the first, and runs none itself.
  const second = await startTestServer({ dataFolder: secondFolder, env });
  expect(await ask(second, key)).toBe(200);
  expect(await readNodes()).toEqual([leader]);

  first.child.kill('SIGKILL');
  // Its replicas go with it; for a moment they may still answer.
  await expect.poll(() => findProcessesOn(firstFolder), { timeout: 20_000 }).toEqual([]);
  // Whoever asks meanwhile waits for the new replicas.
  await expect.poll(() => ask(second, key), { timeout: 60_000 }).toBe(200);
  const after = await readNodes();
  expect(after).toHaveLength(1);
  expect(after).not.toContain(leader);

  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
  await close();
  await postgres.stop();
}, 180_000);
