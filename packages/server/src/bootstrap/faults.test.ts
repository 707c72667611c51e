import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { copyMigratedCluster } from '../store/testing.ts';
import {
  ask,
  askUntilAnswered,
  findProcess,
  findProcessesOn,
  makeDataFolder,
  removeFolder,
  spawnServer,
  startTestServer,
  stopServer,
  type TestServer,
} from './testing.ts';

// Each of these starts a server several times, on machines that may be busy with other tests.
vi.setConfig({ testTimeout: 180_000 });

const engine = /engine\/src\/main\.ts/;
const postmaster = /bin\/postgres -D/;
const deployment = 'accounts/fireworks/deployments/smollm2-135m-instruct';
let folder: string;

beforeEach(async () => {
  folder = await makeDataFolder();
});
afterEach(() => removeFolder(folder));

const start = (env: Record<string, string> = {}) => startTestServer({ dataFolder: folder, env });
const untilNothingRuns = () => expect.poll(() => findProcessesOn(folder), { timeout: 20_000 }).toEqual([]);

async function query<Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> {
  const client = new pg.Client({ host: join(folder, 'run', 'pg'), user: 'sparkler', database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** To Postgres and all its workers. */
function signalPostgres(signal: NodeJS.Signals): void {
  const cluster = join(folder, 'postgres', 'data');
  for (const pid of findProcessesOn(cluster)) process.kill(pid, signal);
}

const countUsage = async () => (await query<{ n: number }>('select count(*)::int as n from usage'))[0]!.n;

async function stop(server: TestServer): Promise<void> {
  expect(await stopServer(server)).toBe(0);
}

describe('stopping', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends everything in order', async (signal) => {
    const server = await start();
    await askUntilAnswered(server);
    server.child.kill(signal);
    expect(await server.ended).toBe(0);
    expect(findProcessesOn(folder)).toEqual([]);
    expect(await readFile(join(folder, 'logs', 'postgres.log'), 'utf8')).toMatch(
      /database system is shut down\s*$/,
    );
  });

  test('lets a request that runs come to its end', async () => {
    const server = await start();
    await askUntilAnswered(server);
    const response = await ask(server, { stream: true, max_tokens: 300 });
    server.child.kill('SIGTERM');
    expect(await response.text()).toContain('[DONE]');
    expect(await server.ended).toBe(0);
  });

  test('works half-way through a first start, at any moment', async () => {
    await rm(join(folder, 'postgres'), { recursive: true });
    for (const delayMs of [0, 150, 300, 500, 800, 1_200]) {
      const { child, ended } = spawnServer({ dataFolder: folder });
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      child.kill('SIGTERM');
      // Before the program could say what to do on a signal, the kernel's own answer is to end it.
      expect([0, 'SIGTERM']).toContain(await ended);
      await untilNothingRuns();
    }
    await stop(await start());
  });

  test('a second signal does not wait for anything, and still leaves nothing behind', async () => {
    const server = await start();
    await askUntilAnswered(server);
    const response = await ask(server, { stream: true, max_tokens: 2_000, ignore_eos: true });
    server.child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.child.kill('SIGTERM');
    expect([0, 130]).toContain(await server.ended);
    await response.text().catch(() => undefined);
    await untilNothingRuns();
  });
});

test('variables that mean another database do not lead the server there', async () => {
  const server = await start({
    PGHOST: 'db.example.org',
    PGUSER: 'app',
    PGSSLMODE: 'require',
    PGPASSWORD: 'x',
  });
  await askUntilAnswered(server);
  await stop(server);
});

describe('the server is killed (kill -9)', () => {
  test('nothing runs on, and the next start has everything that was committed', async () => {
    const first = await start();
    await askUntilAnswered(first);
    await query("update models set description = 'kept' where supports_chat");
    for (let index = 0; index < 5; index += 1) expect((await ask(first)).status).toBe(200);
    first.child.kill('SIGKILL');
    await untilNothingRuns();
    const second = await start();
    expect(second.output()).not.toContain('API key');
    await askUntilAnswered(second);
    expect(await query("select name from models where description = 'kept'")).not.toEqual([]);
    // Five before the kill and the one just now, besides those that asked whether it serves.
    await expect.poll(countUsage, { timeout: 10_000 }).toBeGreaterThanOrEqual(6);
    await stop(second);
  });

  test('usage that was recorded in its last moment is stored by the next start', async () => {
    const first = await start();
    await askUntilAnswered(first);
    await expect.poll(countUsage, { timeout: 10_000 }).toBeGreaterThan(0);
    const before = await countUsage();
    // Postgres hangs, so that nothing can be stored before the kill.
    signalPostgres('SIGSTOP');
    expect((await ask(first)).status).toBe(200);
    const waiting = () => readdirSync(join(folder, 'spool')).filter((name) => name.startsWith('usage-'));
    await expect.poll(waiting, { timeout: 10_000 }).not.toEqual([]);
    first.child.kill('SIGKILL');
    await first.ended;
    signalPostgres('SIGCONT');
    const second = await start();
    await expect.poll(countUsage, { timeout: 10_000 }).toBeGreaterThan(before);
    await stop(second);
  });
});

describe('the engine', () => {
  test('is killed: what runs ends with an error, the replica comes back, the server stays', async () => {
    const server = await start();
    await askUntilAnswered(server);
    const streaming = await ask(server, { stream: true, max_tokens: 3_000, ignore_eos: true });
    const reader = streaming.body!.getReader();
    await reader.read();
    const pid = findProcess(folder, engine)!;
    process.kill(pid, 'SIGKILL');
    expect(await readAll(reader)).toMatch(/"error"/);
    const statuses = await askUntilAnswered(server);
    // Others wait for the replica, or are told to come again.
    expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
    expect(findProcess(folder, engine)).not.toBe(pid);
    await stop(server);
  });

  test('is stopped in its tracks: it is killed for its silence and replaced', async () => {
    const server = await start({ SPARKLER_REPLICA_HEALTH_TIMEOUT_MS: '2000' });
    await askUntilAnswered(server);
    const pid = findProcess(folder, engine)!;
    process.kill(pid, 'SIGSTOP');
    await expect
      .poll(() => findProcess(folder, engine), { timeout: 20_000 })
      .toSatisfy((found) => found !== undefined && found !== pid);
    await askUntilAnswered(server);
    await stop(server);
  });

  test('dies again and again: it is tried with delays, the reason can be read, and it recovers', async () => {
    const server = await start();
    await askUntilAnswered(server);
    for (let kills = 0; kills < 3; kills += 1) {
      await expect.poll(() => findProcess(folder, engine), { timeout: 20_000 }).toBeDefined();
      process.kill(findProcess(folder, engine)!, 'SIGKILL');
      await expect.poll(() => findProcess(folder, engine), { timeout: 20_000 }).toBeUndefined();
    }
    const [result] = await query(`select reason from reconcile_results where name = '${deployment}'`);
    expect(result?.reason).toMatch(/ended \d times in a row, the last time: ended by SIGKILL/);
    await askUntilAnswered(server);
    await stop(server);
  });
});

describe('Postgres', () => {
  test('is killed: requests are answered meanwhile, it comes back, and everything goes on', async () => {
    const server = await start();
    await askUntilAnswered(server);
    const pid = findProcess(folder, postmaster)!;
    process.kill(pid, 'SIGKILL');
    expect((await ask(server)).status).toBe(200);
    await expect
      .poll(() => findProcess(folder, postmaster), { timeout: 20_000 })
      .toSatisfy((found) => found !== undefined && found !== pid);
    // The reconciler leads again: a replica that dies now is replaced.
    process.kill(findProcess(folder, engine)!, 'SIGKILL');
    await expect.poll(() => findProcess(folder, engine), { timeout: 30_000 }).toBeUndefined();
    await expect.poll(() => findProcess(folder, engine), { timeout: 30_000 }).toBeDefined();
    await askUntilAnswered(server);
    const usageBefore = await countUsage();
    expect((await ask(server)).status).toBe(200);
    await expect.poll(countUsage, { timeout: 20_000 }).toBeGreaterThan(usageBefore);
    await stop(server);
  });

  test('is killed at any moment, again and again: the server stays and recovers', async () => {
    for (const delayMs of [0, 100, 250]) {
      const server = await start();
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      process.kill(findProcess(folder, postmaster)!, 'SIGKILL');
      await askUntilAnswered(server);
      await stop(server);
    }
    const server = await start();
    await askUntilAnswered(server);
    for (let kills = 0; kills < 4; kills += 1) {
      await expect
        .poll(() => findProcess(folder, postmaster), { timeout: 20_000, interval: 5 })
        .toBeDefined();
      await Promise.all([ask(server), new Promise((resolve) => setTimeout(resolve, kills * 37))]);
      const pid = findProcess(folder, postmaster);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    }
    await askUntilAnswered(server);
    await stop(server);
  });

  test('is killed and cannot come back: requests are answered from memory, and stopping works', async () => {
    const server = await start();
    await askUntilAnswered(server);
    await rename(join(folder, 'postgres', 'data', 'global'), join(folder, 'postgres', 'data', 'elsewhere'));
    process.kill(findProcess(folder, postmaster)!, 'SIGKILL');
    await expect.poll(server.output, { timeout: 20_000 }).toMatch(/Postgres did not start/);
    for (let index = 0; index < 3; index += 1) expect((await ask(server)).status).toBe(200);
    await stop(server);
    expect(findProcessesOn(folder)).toEqual([]);
    // What could not be stored is stored by the start after the repair.
    await rename(join(folder, 'postgres', 'data', 'elsewhere'), join(folder, 'postgres', 'data', 'global'));
    const next = await start();
    await expect.poll(countUsage, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
    await stop(next);
  });

  test('hangs for a while: requests are answered from memory', async () => {
    const server = await start();
    await askUntilAnswered(server);
    signalPostgres('SIGSTOP');
    for (let index = 0; index < 3; index += 1) expect((await ask(server)).status).toBe(200);
    signalPostgres('SIGCONT');
    await stop(server);
  });
});

describe.runIf(canMount())('the disk is full', () => {
  let disk: string;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'sparkler-disk-'));
    expect(mountSmallDisk(disk, '400m')).toBe(true);
    await removeFolder(folder);
    folder = join(disk, 'data');
    await copyMigratedCluster(join(folder, 'postgres'));
  });
  afterEach(async () => {
    await removeFolder(folder);
    unmount(disk);
    await rm(disk, { recursive: true });
  });

  /** Takes all space there is; the end of the disk is where writing fails. */
  const fill = () => spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'ballast')}`, 'bs=1M']);

  test('while it runs: requests are answered, and once there is space everything is stored', async () => {
    const server = await start();
    await askUntilAnswered(server);
    fill();
    for (let index = 0; index < 5; index += 1) expect((await ask(server)).status).toBe(200);
    await rm(join(disk, 'ballast'));
    await expect.poll(countUsage, { timeout: 30_000 }).toBeGreaterThanOrEqual(6);
    await stop(server);
  });

  test('before the start: it is refused with how much is missing', async () => {
    fill();
    const { ended, output } = spawnServer({ dataFolder: folder });
    expect(await ended).toBe(1);
    expect(output()).toMatch(/has 0 MB free and sparkler needs \d+ MB to start\. Free some space/);
  });
});

/** Only root of a machine (rather than of a container) can make a small disk to fill. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'sparkler-disk-'));
  const mounted = mountSmallDisk(folder, '1m');
  if (mounted) unmount(folder);
  rmdirSync(folder);
  return mounted;
}

function mountSmallDisk(folder: string, size: string): boolean {
  return runProgram(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
}

function unmount(folder: string): void {
  runProgram(['umount', folder]);
}

function runProgram([program = '', ...words]: readonly string[]): boolean {
  return spawnSync(program, words).status === 0;
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += Buffer.from(value).toString();
  }
}
