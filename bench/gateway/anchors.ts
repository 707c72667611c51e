import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPythonEnvironment } from '../../tests/e2e/python-environment.ts';
import { openPool, type Target } from './load.ts';

/** Another gateway before the same replica, in a process of its own. */
export interface AnchorGateway {
  readonly name: string;
  readonly target: Target;
  readonly processId: number;
  stop(): Promise<void>;
}

/** LiteLLM takes half a minute on a quiet machine, and many on a busy one. */
const STARTING_MS = 600_000;

const installFolder = fileURLToPath(new URL('../anchors/gateway', import.meta.url));

/**
 * Portkey's gateway as its package starts it, told where the provider is by headers. It has no keys and
 * limits of its own to turn on.
 */
export async function startPortkey(replicaPort: number): Promise<AnchorGateway> {
  if (!existsSync(join(installFolder, 'node_modules/.package-lock.json'))) {
    const flags = ['ci', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund'];
    const npm = spawnSync('npm', flags, { cwd: installFolder, encoding: 'utf8' });
    if (npm.status !== 0) throw new Error(`Portkey's gateway could not be installed:\n${npm.stderr}`);
  }
  const port = await findFreePort();
  const main = join(installFolder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
  const child = spawn(process.execPath, [main, `--port=${port}`, '--headless'], { stdio: 'ignore' });
  return await untilServing("Portkey's gateway", child, port, {
    authorization: 'Bearer bench',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${replicaPort}/v1`,
  });
}

/** LiteLLM's proxy with one worker and a master key: without a database it has no limits to turn on. */
export async function startLiteLlm(folder: string, replicaPort: number): Promise<AnchorGateway> {
  const python = await openPythonEnvironment('litellm');
  const config = join(folder, 'litellm.json');
  const params = { model: 'openai/tiny', api_base: `http://127.0.0.1:${replicaPort}/v1`, api_key: 'none' };
  const models = { model_list: [{ model_name: 'tiny', litellm_params: params }] };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ ...models, general_settings: { master_key: 'sk-bench' } }));
  const port = await findFreePort();
  const run = 'from litellm import run_server; run_server()';
  const flags = ['--config', config, '--host', '127.0.0.1', '--port', String(port), '--num_workers', '1'];
  const child = spawn(python, ['-c', run, ...flags], { stdio: 'ignore' });
  return await untilServing('LiteLLM', child, port, { authorization: 'Bearer sk-bench' });
}

/** Processor time of a process so far, µs. Linux only. */
export function readCpuUs(processId: number): number {
  const text = readFileSync(`/proc/${processId}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // utime and stime, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function untilServing(
  name: string,
  child: ChildProcess,
  port: number,
  own: Readonly<Record<string, string>>,
): Promise<AnchorGateway> {
  const headers = { 'content-type': 'application/json', ...own };
  const path = '/v1/chat/completions';
  const body = JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }], max_tokens: 1 });
  const stop = async () => {
    const gone = child.exitCode === null ? once(child, 'exit') : null;
    child.kill('SIGKILL');
    await gone;
  };
  const deadline = performance.now() + STARTING_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    const url = `http://127.0.0.1:${port}${path}`;
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => null);
    await answer?.text();
    if (answer?.status === 200) {
      const target = { pool: openPool(`http://127.0.0.1:${port}`), path, headers };
      return { name, target, processId: child.pid!, stop };
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await stop();
  throw new Error(`${name} did not serve within ${STARTING_MS / 60_000} minutes.`);
}
