import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectionSettings } from '../database.ts';
import { copyMigratedCluster } from '../testing.ts';
import { findPackageFolder, linkAllLibraries, preparePostgresBinaries } from './binaries.ts';
import { choosePostgresIdentity } from './identity.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './server.ts';

const run = promisify(execFile);
let folder: string;
let events: string[];
let running: EmbeddedPostgres[];
let children: ChildProcess[];

beforeEach(async () => {
  // Mode 0700: as root, Postgres runs as another user that cannot pass it without help.
  folder = await mkdtemp(join(tmpdir(), 'sparkler-pg-'));
  events = [];
  running = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(running.map((postgres) => postgres.stop()));
  await rm(folder, { recursive: true });
});

async function start(durable = false): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({
    durable,
    folder: join(folder, 'postgres'),
    socketFolder: folder,
    logPath: join(folder, 'postgres.log'),
    onEvent: ({ text }) => events.push(text),
  });
  running.push(postgres);
  return postgres;
}

async function query<Row extends pg.QueryResultRow>(postgres: EmbeddedPostgres, sql: string): Promise<Row[]> {
  const client = new pg.Client(connectionSettings(postgres.address));
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** A process whose parent does not collect it (a container's first process may not) stays as a zombie. */
function isAlive(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
}
const untilGone = (pid: number) => expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);

/** A server in a process of its own, as any user; says the pid of its Postgres. */
async function startElsewhere(prefix: readonly string[] = []): Promise<{ child: ChildProcess; pid: number }> {
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(new URL('./server.ts', import.meta.url).href)});
    const folder = process.argv[1];
    const postgres = await startEmbeddedPostgres({
      folder: folder + '/postgres', socketFolder: folder, logPath: folder + '/postgres.log', onEvent() {},
    });
    process.on('SIGTERM', () => postgres.stop().then(() => process.exit(0)));
    console.log(postgres.pid());`;
  const words = [...prefix, process.execPath, '--input-type=module', '-e', script, folder];
  const child = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [output] = (await once(child.stdout!, 'data')) as [Buffer];
  return { child, pid: Number(output.toString()) };
}

describe('a start', () => {
  test('makes a durable database that only its socket folder leads to, and a second start finds it', async () => {
    const first = await start(true);
    await query(first, 'create table kept (n integer); insert into kept values (7)');
    const [settings] = await query(
      first,
      `select current_setting('fsync') as fsync, current_setting('listen_addresses') as tcp,
         current_setting('server_encoding') as encoding`,
    );
    expect(settings).toEqual({ fsync: 'on', tcp: '', encoding: 'UTF8' });
    await first.stop();
    expect(await query(await start(), 'select n from kept')).toEqual([{ n: 7 }]);
    expect(events).toEqual([]);
  });

  test('is not confused by what a start that was killed half-way left', async () => {
    await mkdir(join(folder, 'postgres', 'data.building', 'base'), { recursive: true });
    await mkdir(join(folder, 'postgres', 'data'), { recursive: true });
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('works in a folder whose name has spaces, commas, quotes and letters of any script', async () => {
    folder = join(folder, `it's "odd", ümlaut`);
    await mkdir(folder, { mode: 0o700 });
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('that fails says what Postgres said', async () => {
    await copyMigratedCluster(join(folder, 'postgres'));
    const postgres = await start();
    await postgres.stop();
    await writeFile(join(folder, 'postgres', 'data', 'postgresql.conf'), 'nonsense = 1\n');
    await expect(start()).rejects.toThrow(/unrecognized configuration parameter "nonsense"/);
  });

  test.runIf(process.getuid?.() === 0)('works for a plain user as it does for root', async () => {
    // Root runs Postgres as nobody; here nobody is who starts everything, with no capability at all.
    const [, uid = '', gid = ''] =
      /^nobody:[^:]*:(\d+):(\d+):/m.exec(await readFile('/etc/passwd', 'utf8')) ?? [];
    await chown(folder, Number(uid), Number(gid));
    const { child, pid } = await startElsewhere([
      'setpriv',
      `--reuid=${uid}`,
      `--regid=${gid}`,
      '--clear-groups',
    ]);
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\s+${uid}\\s`, 'm'));
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(isAlive(pid)).toBe(false);
  });

  test.runIf(process.getuid?.() === 0)(
    'as root gives Postgres the right to read folders, and no other',
    async () => {
      await copyMigratedCluster(join(folder, 'postgres'));
      const postgres = await start();
      const status = await readFile(`/proc/${postgres.pid()}/status`, 'utf8');
      expect(status).not.toMatch(/^Uid:\s+0\s/m);
      // Bit 2: CAP_DAC_READ_SEARCH.
      expect(status).toMatch(/^CapEff:\s+0*4$/m);
    },
  );
});

describe('Postgres that dies', () => {
  test('is started again with everything that was committed', async () => {
    await copyMigratedCluster(join(folder, 'postgres'));
    const postgres = await start();
    await query(postgres, 'create table kept (n integer); insert into kept values (7)');
    const pid = postgres.pid();
    process.kill(pid!, 'SIGKILL');
    await expect.poll(() => events.at(-1), { timeout: 20_000 }).toMatch(/Postgres runs again/);
    expect(events[0]).toMatch(/ended by itself \(SIGKILL\)/);
    expect(await query(postgres, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('stays down when it was told to stop meanwhile', async () => {
    await copyMigratedCluster(join(folder, 'postgres'));
    const postgres = await start();
    const pid = postgres.pid();
    process.kill(pid!, 'SIGKILL');
    await untilGone(pid!);
    await postgres.stop();
    expect(postgres.pid()).toBeNull();
  });
});

describe('a server that dies', () => {
  test('takes its Postgres along', async () => {
    await copyMigratedCluster(join(folder, 'postgres'));
    const { child, pid } = await startElsewhere();
    child.kill('SIGKILL');
    await untilGone(pid);
  });

  test('leaving Postgres behind, has it stopped by the next start, and nothing is lost', async () => {
    await copyMigratedCluster(join(folder, 'postgres'));
    const first = await start();
    await query(first, 'create table kept (n integer); insert into kept values (7)');
    await first.stop();
    const orphan = await startOrphan();
    const next = await start();
    expect(events).toEqual([`Stopped Postgres (process ${orphan}) that an earlier server left.`]);
    expect(isAlive(orphan)).toBe(false);
    expect(await query(next, 'select n from kept')).toEqual([{ n: 7 }]);
  });

  test('leaves a pid file that does not matter, even if another process has the pid now', async () => {
    await copyMigratedCluster(join(folder, 'postgres'));
    const first = await start();
    await first.stop();
    const sleeper = spawn('sleep', ['60']);
    children.push(sleeper);
    const pidFile = join(folder, 'postgres', 'data', 'postmaster.pid');
    await writeFile(pidFile, `${sleeper.pid}\n${join(folder, 'postgres', 'data')}\n1700000000\n5432\n`);
    await chmod(pidFile, 0o600);
    expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(isAlive(sleeper.pid!)).toBe(true);
  });
});

/** Postgres on our cluster whose server is gone: started without the signal that usually ends it. */
async function startOrphan(): Promise<number> {
  const cluster = join(folder, 'postgres', 'data');
  const binaries = await preparePostgresBinaries(join(folder, 'libraries'));
  const identity = await choosePostgresIdentity(cluster);
  const prefix = identity.prefix.map((word) => (word === 'INT' ? 'CONT' : word));
  const words = [
    ...prefix,
    binaries.postgres,
    '-D',
    cluster,
    '-c',
    'listen_addresses=',
    '-k',
    join(folder, 'pg'),
  ];
  const script = `require('node:child_process').spawn(process.argv[1], process.argv.slice(2), { detached: true,
    stdio: 'ignore', cwd: '/' }).unref();`;
  await run(process.execPath, ['-e', script, ...words]);
  const readPid = async () => {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    return lines[7]?.startsWith('ready') ? Number(lines[0]) : 0;
  };
  await expect.poll(readPid, { timeout: 20_000 }).toBeGreaterThan(0);
  return readPid();
}

test('where the package cannot be written, links in a folder of our own complete the libraries', async () => {
  const copy = join(folder, 'package');
  await cp(findPackageFolder(), copy, { recursive: true, filter: (path) => !path.includes('/share/') });
  // As installed: a package holds no links.
  const links = JSON.parse(await readFile(join(copy, 'native', 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  for (const { target } of links) await rm(join(copy, target), { force: true });
  const postgres = join(copy, 'native', 'bin', 'postgres');
  await expect(run(postgres, ['--version'])).rejects.toThrow(/cannot open shared object file/);
  const env = await linkAllLibraries(copy, join(folder, 'libraries'));
  const { stdout } = await run(postgres, ['--version'], { env: { ...process.env, ...env } });
  expect(stdout).toMatch(/^postgres \(PostgreSQL\) 18/);
  await symlink('/nonexistent', join(folder, 'libraries', 'leftover'));
  expect(await linkAllLibraries(copy, join(folder, 'libraries'))).toEqual(env);
});
