import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** An engine process of a test, with what it has said so far. */
export interface SpawnedEngine {
  readonly child: ChildProcess;
  readonly address: string;
  readonly events: readonly Record<string, unknown>[];
  /** Resolves with the exit code (or the signal) when the process is gone. */
  readonly exit: Promise<number | string | null>;
  stop(): Promise<void>;
}

const main = new URL('../main.ts', import.meta.url).pathname;

/** Path of one of the scripts in this folder. */
export function scriptPath(name: string): string {
  return new URL(`./${name}-script.ts`, import.meta.url).pathname;
}

/**
 * Starts `main.ts` and waits until it serves. Rejects with what it said if it does not.
 * @param flags besides a name, a scripted model unless they name another, and a free port unless they say
 * where.
 * @param nodeFlags for Node itself.
 * @param env added to this process' own.
 */
export async function spawnEngine(
  flags: readonly string[] = [],
  nodeFlags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<SpawnedEngine> {
  const args = ['--name', 'test', ...flags];
  if (!flags.includes('--model')) args.push('--runner', 'scripted');
  if (!flags.includes('--model') && !flags.includes('--script')) args.push('--script', scriptPath('recite'));
  if (!flags.includes('--socket')) args.push('--port', '0');
  const child = spawn(process.execPath, [...nodeFlags, main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const events: Record<string, unknown>[] = [];
  let complaints = '';
  child.stderr!.on('data', (data) => {
    complaints += String(data);
  });
  const exit = new Promise<number | string | null>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? signal));
  });
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as Record<string, unknown>;
      events.push(event);
      if (event.event === 'ready') resolve(String(event.address));
    });
    void exit.then((code) => reject(new Error(`exit ${code}: ${JSON.stringify(events)} ${complaints}`)));
  });
  const address = await ready;
  return {
    child,
    address,
    events,
    exit,
    async stop() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** A folder that is gone after the test. */
export function openFolder(): { path: string } & Disposable {
  const folder = mkdtempSync(path.join(tmpdir(), 'sparkler-engine-'));
  return {
    path: folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
