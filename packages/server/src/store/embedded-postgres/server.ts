import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LogFile, openLogFile } from '../../launch/log-file.ts';
import type { DatabaseAddress } from '../database.ts';
import { type PostgresBinaries, postgresEnvironment, preparePostgresBinaries } from './binaries.ts';
import { databaseUser, makeCluster } from './cluster.ts';
import { choosePostgresIdentity, type PostgresIdentity } from './identity.ts';
import { stopPreviousPostgres } from './previous.ts';

export interface EmbeddedPostgresOptions {
  /** Private folder that becomes ours: cluster and library links. */
  readonly folder: string;
  /** Private folder for the socket; short (see launch/socket-folder.ts). */
  readonly socketFolder: string;
  readonly logPath: string;
  /** False only for tests: commits then survive a crash of Postgres but not of the machine. */
  readonly durable?: boolean;
  /** Hears of what Postgres did by itself: an orphan stopped, a crash, a restart. */
  readonly onEvent: (event: { readonly level: 'info' | 'warn'; readonly text: string }) => void;
}

export interface EmbeddedPostgres {
  readonly address: DatabaseAddress;
  /** Pid of the running server; changes when it had to be restarted. Null while it is down. */
  pid(): number | null;
  /** Stops it cleanly and for good. */
  stop(): Promise<void>;
}

const readyTimeoutMs = 60_000;
/**
 * After a kill -9 of Postgres its workers need a moment to notice; until then a new server refuses to start.
 */
const restartDelayMs = { first: 100, max: 5_000 };
const startAttemptsMax = 6;

/** Starts our own Postgres on a folder we hold, and keeps it running until stopped. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const clusterFolder = join(options.folder, 'data');
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  const orphan = await stopPreviousPostgres(clusterFolder);
  if (orphan !== null) {
    options.onEvent({
      level: 'info',
      text: `Stopped Postgres (process ${orphan}) that an earlier server left.`,
    });
  }
  const binaries = await preparePostgresBinaries(join(options.folder, 'libraries'));
  const identity = await choosePostgresIdentity(clusterFolder);
  await makeCluster(clusterFolder, binaries, identity);
  const socketFolder = await makeOwnSocketFolder(options.socketFolder, identity);
  const supervisor = new PostgresSupervisor(
    {
      clusterFolder,
      socketFolder,
      binaries,
      identity,
      log: openLogFile(options.logPath),
      durable: options.durable ?? true,
    },
    options.onEvent,
  );
  await supervisor.startFirst();
  return {
    address: { socketFolder, user: databaseUser, database: 'postgres' },
    pid: () => supervisor.pid,
    stop: () => supervisor.stop(),
  };
}

async function makeOwnSocketFolder(parent: string, identity: PostgresIdentity): Promise<string> {
  const folder = join(parent, 'pg');
  // What is in it belongs to a server that is gone (see stopPreviousPostgres).
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await identity.own(folder);
  return folder;
}

interface PostgresCommand {
  readonly clusterFolder: string;
  readonly socketFolder: string;
  readonly binaries: PostgresBinaries;
  readonly identity: PostgresIdentity;
  readonly log: LogFile;
  readonly durable: boolean;
}

/** One process at a time, replaced when it dies by itself. */
class PostgresSupervisor {
  #command: PostgresCommand;
  #onEvent: EmbeddedPostgresOptions['onEvent'];
  #child: ChildProcess | null = null;
  #stopping = new AbortController();
  #logTimer: NodeJS.Timeout;

  constructor(command: PostgresCommand, onEvent: EmbeddedPostgresOptions['onEvent']) {
    this.#command = command;
    this.#onEvent = onEvent;
    this.#logTimer = setInterval(() => command.log.bound(), 60_000).unref();
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async startFirst(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#startOnce();
      } catch (error) {
        const inUse = String((error as Error).message).includes('still in use');
        if (inUse && attempt < startAttemptsMax) {
          await sleep(restartDelayMs.first * 2 ** attempt);
          continue;
        }
        await this.stop();
        throw error;
      }
    }
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    clearInterval(this.#logTimer);
    const child = this.#child;
    if (child) await endChild(child);
    this.#command.log.close();
  }

  async #startOnce(): Promise<void> {
    const child = spawnPostgres(this.#command);
    this.#child = child;
    child.once('exit', (code, signal) => this.#onExit(child, code, signal));
    await waitUntilReady(child, this.#command);
    this.#isReady.add(child);
  }

  /** Children that got as far as serving: only the end of one of these is news. */
  #isReady = new WeakSet<ChildProcess>();

  #onExit(child: ChildProcess, code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = null;
    if (this.#stopping.signal.aborted || !this.#isReady.has(child)) return;
    this.#onEvent({
      level: 'warn',
      text: `Postgres ended by itself (${signal ?? `exit ${code}`}); starting it again.`,
    });
    void this.#restart();
  }

  async #restart(): Promise<void> {
    for (let delayMs = restartDelayMs.first; ; delayMs = Math.min(delayMs * 2, restartDelayMs.max)) {
      await sleep(delayMs);
      if (this.#stopping.signal.aborted) return;
      try {
        await this.#startOnce();
        this.#onEvent({ level: 'info', text: `Postgres runs again (process ${this.pid}).` });
        return;
      } catch (error) {
        this.#onEvent({ level: 'warn', text: (error as Error).message });
      }
    }
  }
}

function spawnPostgres(command: PostgresCommand): ChildProcess {
  const { clusterFolder, socketFolder, binaries, identity, log } = command;
  const settings = {
    listen_addresses: '',
    fsync: command.durable ? 'on' : 'off',
    // A list; quoted, a path may hold commas and spaces.
    unix_socket_directories: `"${socketFolder.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    // Nothing replicates from the embedded server: fewer processes, less log.
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_logical_replication_workers: '0',
    io_method: 'sync',
    max_wal_size: '256MB',
    log_checkpoints: 'off',
    log_timezone: 'UTC',
    timezone: 'UTC',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const words = [...identity.prefix, binaries.postgres, '-D', clusterFolder, ...flags];
  return spawn(words[0]!, words.slice(1), {
    cwd: '/',
    env: postgresEnvironment(binaries),
    stdio: ['ignore', log.descriptor, log.descriptor],
    // Its own process group: Ctrl-C in the terminal is ours to handle, in our order.
    detached: true,
  });
}

/** Postgres writes `ready` into its pid file when it accepts connections. */
async function waitUntilReady(child: ChildProcess, command: PostgresCommand): Promise<void> {
  let spawnError: Error | null = null;
  child.once('error', (error) => {
    spawnError = error;
  });
  const pidFile = join(command.clusterFolder, 'postmaster.pid');
  const deadline = Date.now() + readyTimeoutMs;
  while (Date.now() < deadline) {
    if (spawnError) throw new Error(`Postgres could not be run: ${(spawnError as Error).message}`);
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`Postgres did not start. ${command.log.path} ends with:\n${command.log.tail(6)}`);
    }
    const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
    if (Number(lines[0]) === child.pid && lines[7]?.startsWith('ready')) return;
    await sleep(10);
  }
  await endChild(child);
  throw new Error(`Postgres was not ready within ${readyTimeoutMs / 1000} s; see ${command.log.path}.`);
}

/** Fast shutdown, then stronger. */
async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGINT');
  const quit = setTimeout(() => child.kill('SIGQUIT'), 10_000);
  const kill = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(quit);
  clearTimeout(kill);
}
