import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  askUntilAnswered,
  findProcessesOn,
  makeDataFolder,
  removeFolder,
  spawnServer,
  startTestServer,
  stopServer,
} from './testing.ts';

vi.setConfig({ testTimeout: 180_000 });

let folder: string;

beforeEach(async () => {
  folder = await makeDataFolder();
});
afterEach(() => removeFolder(folder));

const start = () => startTestServer({ dataFolder: folder });
const untilNothingRuns = () => expect.poll(() => findProcessesOn(folder), { timeout: 20_000 }).toEqual([]);

describe('a start that cannot be', () => {
  async function expectRefusal(env: Record<string, string>, message: RegExp): Promise<void> {
    const { ended, output } = spawnServer({ dataFolder: folder, env });
    expect(await ended).toBe(1);
    expect(output()).toMatch(message);
    // People read it: no stack.
    expect(output()).not.toMatch(/^\s+at /m);
  }

  test('because another server has the data folder says which, and leaves that one alone', async () => {
    const server = await start();
    await expectRefusal(
      {},
      new RegExp(`Another server \\(process ${server.child.pid}\\) runs on the data folder`),
    );
    await askUntilAnswered(server);
    expect(await stopServer(server)).toBe(0);
  });

  test('because the port is taken says so before anything is started', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    await expectRefusal({ SPARKLER_PORT: String(port) }, new RegExp(`Port ${port} on 127.0.0.1 is in use`));
    expect(existsSync(join(folder, 'logs', 'postgres.log'))).toBe(false);
    taken.close();
    await untilNothingRuns();
  });

  test('because a setting is wrong names it', async () => {
    await expectRefusal({ SPARKLER_RUNNER: 'vllm' }, /^SPARKLER_RUNNER is "vllm"/m);
    await expectRefusal(
      { SPARKLER_MODEL: 'gpt-9' },
      /^SPARKLER_MODEL is 'gpt-9'. The catalogue has no model gpt-9/m,
    );
  });

  test('because DATABASE_URL leads nowhere names that, and not the password in it', async () => {
    const env = { DATABASE_URL: 'postgres://user:hunter2@127.0.0.1:9/none' };
    await expectRefusal(env, /The database of DATABASE_URL cannot be used \(ECONNREFUSED\)/);
    const { ended, output } = spawnServer({ dataFolder: folder, env });
    await ended;
    expect(output()).not.toContain('hunter2');
  });

  test('because the cluster is damaged says what Postgres said, and leaves nothing running', async () => {
    expect(await stopServer(await start())).toBe(0);
    await rm(join(folder, 'postgres', 'data', 'global'), { recursive: true });
    await expectRefusal({}, /Postgres did not start\. .*postgres\.log ends with:[\s\S]*could not open file/);
    await untilNothingRuns();
  });

  test.runIf(process.getuid?.() === 0)('because the folder belongs to somebody else says so', async () => {
    const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    const { ended, output } = spawnServer({ dataFolder: join(folder, 'below'), prefix });
    expect(await ended).toBe(1);
    expect(output()).toMatch(/The data folder .*below cannot be used: .*Set SPARKLER_DATA/);
  });
});
