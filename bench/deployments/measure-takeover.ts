import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  findProcessesOn,
  makeDataFolder,
  removeFolder,
  startTestServer,
} from '../../packages/server/src/bootstrap/testing.ts';
import { startEmbeddedPostgres } from '../../packages/server/src/store/embedded-postgres/server.ts';

/**
 * Two servers on one Postgres, the one that leads killed: milliseconds until the other one answers with
 * replicas of its own. The engines are scripted; what a model takes to read comes on top.
 */
export async function measureTakeover(): Promise<number> {
  const [databaseFolder, ...folders] = [
    await makeDataFolder(),
    await makeDataFolder(),
    await makeDataFolder(),
  ];
  const postgres = await startEmbeddedPostgres({
    folder: join(databaseFolder, 'postgres'),
    socketFolder: databaseFolder,
    logPath: join(databaseFolder, 'postgres.log'),
    durable: false,
    onEvent: () => undefined,
  });
  try {
    const host = encodeURIComponent(join(databaseFolder, 'pg'));
    const env = { DATABASE_URL: `postgres://sparkler@localhost/postgres?host=${host}` };
    const leader = await startTestServer({ dataFolder: folders[0]!, env });
    const key = (await readFile(join(folders[0]!, 'api-key'), 'utf8')).trim();
    await untilAnswered(leader.baseUrl, key);
    const other = await startTestServer({ dataFolder: folders[1]!, env });
    await untilAnswered(other.baseUrl, key);
    const startMs = performance.now();
    leader.child.kill('SIGKILL');
    // Its replicas go with it; for a moment they may still answer.
    while (findProcessesOn(folders[0]!).length > 0) await sleep(5);
    await untilAnswered(other.baseUrl, key);
    return performance.now() - startMs;
  } finally {
    for (const folder of folders) await removeFolder(folder);
    await postgres.stop();
    await removeFolder(databaseFolder);
  }
}

async function untilAnswered(baseUrl: string, key: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${baseUrl}/inference/v1/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'smollm2-135m-instruct', prompt: 'hello', max_tokens: 1 }),
    });
    await response.text();
    if (response.ok) return;
    await sleep(20);
  }
}
