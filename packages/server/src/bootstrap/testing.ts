import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { copyMigratedCluster } from '../store/testing.ts';

/** A server in a process of its own, on a folder of its own, as a test sees it: from outside. */
export interface TestServer {
  readonly dataFolder: string;
  readonly child: ChildProcess;
  readonly baseUrl: string;
  /** What it printed so far. */
  output(): string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface TestServerOptions {
  readonly dataFolder: string;
  /** Variables beyond those that make a quick, model-less server. */
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the command, e.g. to run as another user. */
  readonly prefix?: readonly string[];
}

const program = fileURLToPath(new URL('../main.ts', import.meta.url));

/**
 * A folder for one server's data; remove it with removeFolder. Its database is made already, to save the
 * time.
 */
export async function makeDataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-server-'));
  await copyMigratedCluster(join(folder, 'postgres'));
  return folder;
}

/** Ends whatever still runs on the folder, and removes it. */
export async function removeFolder(folder: string): Promise<void> {
  for (const pid of findProcessesOn(folder)) killIfAlive(pid);
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

/** Starts a server with the scripted runner on any free port. Does not wait for it. */
export function spawnServer({ dataFolder, env = {}, prefix = [] }: TestServerOptions) {
  const words = [...prefix, process.execPath, program];
  const child = spawn(words[0]!, words.slice(1), {
    env: {
      PATH: process.env.PATH,
      HOME: dataFolder,
      // Shared by all test servers: compiling is most of what a start costs.
      NODE_COMPILE_CACHE: join(tmpdir(), `sparkler-test-compile-cache-${process.getuid?.() ?? 0}`),
      SPARKLER_DATA: dataFolder,
      SPARKLER_RUNNER: 'scripted',
      SPARKLER_PORT: '0',
      SPARKLER_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  return { child, ended, output: () => text };
}

/** Starts a server and waits until it listens. Throws with its output when it ends instead. */
export async function startTestServer(options: TestServerOptions): Promise<TestServer> {
  const { child, ended, output } = spawnServer(options);
  for (;;) {
    const baseUrl = /^Listening on (\S+)$/m.exec(output())?.[1];
    if (baseUrl) return { dataFolder: options.dataFolder, child, baseUrl, output, ended };
    const end = await Promise.race([ended, once(child.stdout, 'data').then(() => undefined)]);
    if (end !== undefined) throw new Error(`the server ended with ${end}:\n${output()}`);
  }
}

/** Asks the server for a completion of the default model, with its first key. */
export async function ask({ baseUrl, dataFolder }: TestServer, body: object = {}): Promise<Response> {
  const key = (await readFile(join(dataFolder, 'api-key'), 'utf8')).trim();
  return fetch(`${baseUrl}/inference/v1/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'smollm2-135m-instruct', prompt: 'hello', max_tokens: 4, ...body }),
  });
}

/** Asks until it is answered; returns the statuses on the way. Throws with the last answer after a minute. */
export async function askUntilAnswered(server: TestServer): Promise<number[]> {
  const statuses: number[] = [];
  const deadline = Date.now() + 60_000;
  for (;;) {
    const response = await ask(server);
    const text = await response.text();
    statuses.push(response.status);
    if (response.ok) return statuses;
    if (server.child.exitCode !== null) throw new Error(`the server ended:\n${server.output()}`);
    if (Date.now() > deadline) throw new Error(`still ${response.status} after a minute: ${text}`);
    await sleep(100);
  }
}

/** Stops a server in order; returns what it ended with. */
export function stopServer(server: TestServer): Promise<number | NodeJS.Signals> {
  server.child.kill('SIGTERM');
  return server.ended;
}

/** Processes that lean on a folder: named on their command line or in their settings, or working in it. */
export function findProcessesOn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && leansOn(pid, folder));
}

/** Pid of the first process on the folder whose command line matches. */
export function findProcess(folder: string, pattern: RegExp): number | undefined {
  return findProcessesOn(folder).find((pid) => pattern.test(readCommand(pid)));
}

function leansOn(pid: number, folder: string): boolean {
  if (readCommand(pid).includes(folder) || readVariables(pid).includes(`SPARKLER_DATA=${folder}`))
    return true;
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    // Gone, a zombie, or somebody else's: none of ours.
    return false;
  }
}

/** Empty for processes that are gone or zombies. */
function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Empty for processes that are gone, zombies or somebody else's. */
function readVariables(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
