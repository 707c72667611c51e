import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

/** The plain server as a process of its own. */

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-main-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

test('it goes on when nobody reads what it prints', { timeout: 120_000 }, async () => {
  const port = await findFreePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      SPARKLER_DATA: folder,
      SPARKLER_PORT: String(port),
      SPARKLER_MODEL: '',
      SPARKLER_RUNNER: 'scripted',
    },
  });
  const exit = once(child, 'exit');
  try {
    // Nobody is at the other end when it tells its address and its key.
    child.stdout!.destroy();
    await vi.waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
        expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
      },
      { timeout: 100_000, interval: 200 },
    );
    // Long enough to have printed: it answers after that, too.
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    await exit;
  }
});
