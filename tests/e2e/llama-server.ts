import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** llama.cpp's own server in a process: code that nobody here wrote. */
export interface LlamaServer {
  /** Base URL of its API, with /v1. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Where the program is: `SPARKLER_LLAMA_SERVER`, or what `npm run bench -- engine` compiled once into the
 * cache folder. Null: not here; building it takes ten minutes, so tests never do.
 */
export function findLlamaServer(): string | null {
  const given = process.env.SPARKLER_LLAMA_SERVER;
  if (given) return existsSync(given) ? given : null;
  const cache = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
  const folder = join(cache, 'anchors');
  if (!existsSync(folder)) return null;
  const names = readdirSync(folder).filter((name) => /^llama-server-[\d.]+$/.test(name));
  const programs = names.map((name) => join(folder, name, 'llama-server'));
  return programs.find((program) => existsSync(program)) ?? null;
}

/** Starts it on a model file, one thread; resolves when it is ready. */
export async function startLlamaServer(program: string, modelPath: string): Promise<LlamaServer> {
  const port = await findFreePort();
  const child = spawn(
    program,
    [
      ...['--model', modelPath, '--host', '127.0.0.1', '--port', `${port}`, '--offline'],
      ...['--threads', '1', '--parallel', '2', '--ctx-size', '4096', '--no-webui'],
    ],
    // It looks for its libraries, and for the kernels of each processor, beside itself.
    { stdio: 'ignore', env: { ...process.env, LD_LIBRARY_PATH: dirname(program) } },
  );
  const origin = `http://127.0.0.1:${port}`;
  while (!(await isReady(origin))) {
    if (child.exitCode !== null) throw new Error(`llama-server ended with code ${child.exitCode}`);
    await sleep(100);
  }
  return { url: `${origin}/v1`, stop: () => kill(child) };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function isReady(origin: string): Promise<boolean> {
  try {
    return (await fetch(`${origin}/health`)).ok;
  } catch {
    return false;
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
