import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './anchors.ts';

/** What the gateway process used since it started. */
export interface ProcessUse {
  readonly cpuUs: number;
  /** The same once garbage was collected to measure memory: where the next stretch begins. */
  readonly cpuAfterUs: number;
  readonly residentBytes: number;
  /** Of that, what is in use by objects and buffers after garbage is collected. */
  readonly liveBytes: number;
}

/** The scripted engine, a paced replica and one gateway before each, every one in its own process. */
export interface BenchProcesses {
  readonly engineSocket: string;
  readonly pacedSocket: string;
  readonly folder: string;
  /** Port of the paced replica, for gateways that know no sockets. */
  readonly pacedPort: number;
  readonly engineGateway: GatewayProcess;
  readonly pacedGateway: GatewayProcess;
  /** A gateway before the scripted engine that counts and records nothing. */
  startUngoverned(): Promise<GatewayProcess>;
  stop(): Promise<void>;
}

export interface GatewayProcess {
  readonly baseUrl: string;
  readonly processId: number;
  use(): Promise<ProcessUse>;
}

export async function startProcesses(): Promise<BenchProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-bench-'));
  const engineSocket = join(folder, 'engine.sock');
  const pacedSocket = join(folder, 'paced.sock');
  const children: ChildProcess[] = [];
  const start = (file: string, args: readonly string[], stdout: 'pipe' | 'ignore', governance = 'on') => {
    const path = new URL(file, import.meta.url).pathname;
    const child = fork(path, args, {
      stdio: ['ignore', stdout, 'inherit', 'ipc'],
      env: { ...process.env, BENCH_GOVERNANCE: governance },
    });
    children.push(child);
    return child;
  };
  const engine = start(
    '../../packages/engine/src/main.ts',
    ['--runner', 'scripted', '--name', 'tiny', '--socket', engineSocket, '--sequences', '64'],
    'pipe',
  );
  await untilReady(engine);
  const pacedPort = await findFreePort();
  await nextMessage(start('paced-replica.ts', [pacedSocket, String(pacedPort)], 'ignore'));
  const gateway = async (name: string, socket: string, governance?: 'off'): Promise<GatewayProcess> => {
    const child = start('gateway-process.ts', [join(folder, name), socket], 'ignore', governance);
    const { baseUrl } = await nextMessage<{ baseUrl: string }>(child);
    const use = async () => {
      child.send('use');
      return await nextMessage<ProcessUse>(child);
    };
    return { baseUrl, processId: child.pid!, use };
  };
  const engineGateway = await gateway('for-engine', engineSocket);
  const pacedGateway = await gateway('for-paced', pacedSocket);
  const stop = async () => {
    const exits = children.map((child) => once(child, 'exit'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(exits);
    await rm(folder, { recursive: true, force: true });
  };
  const startUngoverned = () => gateway('ungoverned', engineSocket, 'off');
  return { folder, pacedPort, engineSocket, pacedSocket, engineGateway, pacedGateway, startUngoverned, stop };
}

async function nextMessage<T = unknown>(child: ChildProcess): Promise<T> {
  const [message] = await once(child, 'message');
  return message as T;
}

/** Waits for the engine's life event on standard output. */
async function untilReady(engine: ChildProcess): Promise<void> {
  let text = '';
  for await (const part of engine.stdout!) {
    text += part;
    if (text.includes('"event":"ready"')) break;
  }
  engine.stdout!.resume();
}
