import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../packages/engine/src/main.ts', import.meta.url));

export interface BareStart {
  /** From spawning the process to its word that it serves. */
  readonly readyMs: number;
  /** From spawning the process to the first token of an answer. */
  readonly firstTokenMs: number;
}

/** One engine by itself, with the flags that a replica has: started, asked once, ended. */
export async function startBareEngine(modelPath: string, folder: string): Promise<BareStart> {
  const socketPath = join(folder, 'bare.sock');
  const flags = ['--name=m', '--threads=1', '--cells=4096', '--sequences=8', '--batch-tokens=512'];
  const startMs = performance.now();
  const child = spawn(
    process.execPath,
    [program, `--model=${modelPath}`, `--socket=${socketPath}`, ...flags],
    {
      env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compile-cache') },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  try {
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ready"')) break;
    const readyMs = performance.now() - startMs;
    await readFirstBytes(socketPath);
    return { readyMs, firstTokenMs: performance.now() - startMs };
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

function readFirstBytes(socketPath: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const body = { model: 'm', prompt: 'The sky is', max_tokens: 1, temperature: 0, stream: true };
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path: '/v1/completions', method: 'POST', headers }, (response) => {
      response.once('data', () => resolve());
      response.once('error', () => undefined);
    });
    asking.once('error', reject);
    asking.end(JSON.stringify(body));
  });
}
