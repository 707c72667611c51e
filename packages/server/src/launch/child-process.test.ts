import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkHealth } from './check-health.ts';
import { childEnvironment, createChildProcessLauncher } from './child-process.ts';
import type { Launcher, ObservedReplica, ReplicaSpec } from './launcher.ts';

const deployment = 'accounts/a/deployments/d';
const timeouts = { startMs: 60_000, healthMs: 30_000, drainMs: 30_000 };
let folder: string;
let launchers: Launcher[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-launch-'));
  launchers = [];
});
afterEach(async () => {
  await Promise.all(launchers.map((launcher) => launcher.close()));
  await rm(folder, { recursive: true });
});

async function createLauncher(change: { timeouts?: typeof timeouts; engineProgram?: string } = {}) {
  const launcher = await createChildProcessLauncher({
    socketFolder: folder,
    logFolder: join(folder, 'logs'),
    compileCacheFolder: join(folder, 'compile-cache'),
    timeouts,
    ...change,
  });
  launchers.push(launcher);
  return launcher;
}

/** An engine that does what a test wants to see launched. */
async function writeProgram(source: string): Promise<string> {
  const path = join(folder, 'program.mjs');
  await writeFile(path, source);
  return path;
}

function spec(id: string, change: Partial<ReplicaSpec> = {}): ReplicaSpec {
  return {
    id,
    deployment,
    generation: 1,
    specKey: 'v1',
    servedName: 'accounts/a/models/m',
    runner: 'scripted',
    modelPath: null,
    draftModelPath: null,
    threads: 1,
    cells: 1024,
    sequences: 4,
    batchTokens: 64,
    ...change,
  };
}

async function observe(launcher: Launcher, id: string): Promise<ObservedReplica> {
  const found = (await launcher.observe(deployment)).find((replica) => replica.id === id);
  if (!found) throw new Error(`no replica ${id}`);
  return found;
}

async function untilState(launcher: Launcher, id: string, state: string): Promise<ObservedReplica> {
  await expect
    .poll(() => observe(launcher, id), { timeout: 45_000 })
    // An end that was not waited for shows its reason in the failure.
    .toSatisfy((replica: ObservedReplica) => replica.state === state || replica.state === 'exited');
  const replica = await observe(launcher, id);
  expect(replica).toMatchObject({ state });
  return replica;
}

async function launchReady(launcher: Launcher, id: string): Promise<ObservedReplica> {
  await launcher.launch(spec(id));
  return untilState(launcher, id, 'ready');
}

const socketOf = (replica: ObservedReplica) =>
  'socketPath' in replica.address ? replica.address.socketPath : '';
const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

describe('an engine replica', () => {
  test('becomes ready, answers on its socket, and leaves nothing when stopped', async () => {
    const launcher = await createLauncher();
    const changes: string[] = [];
    launcher.onChange((name) => changes.push(name));
    const replica = await launchReady(launcher, 'r1');
    expect(await checkHealth(socketOf(replica), 1_000)).toBe(true);
    await launcher.stop('r1');
    expect(await observe(launcher, 'r1')).toMatchObject({ state: 'exited', exit: { wanted: true } });
    expect(isAlive(replica.pid!)).toBe(false);
    expect(existsSync(socketOf(replica))).toBe(false);
    expect(changes.length).toBeGreaterThanOrEqual(3);
    await launcher.forget('r1');
    expect(await launcher.observe(deployment)).toEqual([]);
  });

  test('is launched once however often that is asked', async () => {
    const launcher = await createLauncher();
    await Promise.all([launcher.launch(spec('r1')), launcher.launch(spec('r1'))]);
    expect(await launcher.observe(deployment)).toHaveLength(1);
  });

  test('that is killed is seen at once, with how it ended', async () => {
    const launcher = await createLauncher();
    const { pid } = await launchReady(launcher, 'r1');
    process.kill(pid!, 'SIGKILL');
    const { exit } = await untilState(launcher, 'r1', 'exited');
    expect(exit).toMatchObject({ wanted: false, reason: expect.stringContaining('SIGKILL') });
  });

  test('that is stopped in its tracks (SIGSTOP) is killed for its silence', async () => {
    const launcher = await createLauncher({ timeouts: { ...timeouts, healthMs: 2_000 } });
    const { pid } = await launchReady(launcher, 'r1');
    process.kill(pid!, 'SIGSTOP');
    const { exit } = await untilState(launcher, 'r1', 'exited');
    expect(exit).toMatchObject({ wanted: false, reason: expect.stringContaining('no sign of life for 2 s') });
    expect(isAlive(pid!)).toBe(false);
  });

  test('that is drained finishes the request it has', async () => {
    const launcher = await createLauncher();
    const replica = await launchReady(launcher, 'r1');
    const answer = complete(socketOf(replica), 200);
    await answer.begun;
    await launcher.drain('r1');
    expect((await observe(launcher, 'r1')).state).toBe('draining');
    expect(await answer.ended).toContain('[DONE]');
    expect((await untilState(launcher, 'r1', 'exited')).exit).toMatchObject({
      wanted: true,
      reason: 'ended with code 0',
    });
  });
});

describe('a program that is no good engine', () => {
  test('and ends at once is reported with its last words', async () => {
    const engineProgram = await writeProgram(
      `console.log(JSON.stringify({ event: 'fatal', message: 'the model file /home/me/a.gguf is damaged' }));
      process.exit(70);`,
    );
    const launcher = await createLauncher({ engineProgram });
    await launcher.launch(spec('r1'));
    const { exit } = await untilState(launcher, 'r1', 'exited');
    expect(exit?.reason).toMatch(/^the model file a.gguf is damaged \(ended with code 70\)/);
  });

  test('and dies without a word is reported without the words of its log', async () => {
    const engineProgram = await writeProgram(
      `process.stderr.write('cannot map tensor\\n'); process.abort();`,
    );
    const launcher = await createLauncher({ engineProgram });
    await launcher.launch(spec('r1'));
    const { exit } = await untilState(launcher, 'r1', 'exited');
    expect(exit?.reason).toMatch(/SIGABRT.*; the log of replica r1 has more$/);
    expect(await readFile(join(folder, 'logs', 'r1.log'), 'utf8')).toContain('cannot map tensor');
  });

  test('and never gets ready is killed when its time is up', async () => {
    const engineProgram = await writeProgram('setInterval(() => {}, 1000);');
    const launcher = await createLauncher({ engineProgram, timeouts: { ...timeouts, startMs: 300 } });
    await launcher.launch(spec('r1'));
    const { exit } = await untilState(launcher, 'r1', 'exited');
    expect(exit).toMatchObject({ wanted: false, reason: expect.stringContaining('not ready within 0.3 s') });
  });

  test('and does not end when told is killed', async () => {
    const engineProgram = await writeProgram(
      `process.on('SIGTERM', () => {}); console.log('{"event":"ready"}'); setInterval(() => {}, 1000);`,
    );
    const launcher = await createLauncher({ engineProgram });
    const { pid } = await launchReady(launcher, 'r1');
    await launcher.stop('r1');
    expect(isAlive(pid!)).toBe(false);
  });

  test('and writes without end fills no disk', async () => {
    const engineProgram = await writeProgram(`
      import { createServer } from 'node:http';
      const socket = process.argv.find((word) => word.startsWith('--socket=')).slice(9);
      createServer((_, response) => response.end()).listen(socket, () => console.log('{"event":"ready"}'));
      setInterval(() => process.stderr.write('x'.repeat(1 << 20)), 5);`);
    const launcher = await createLauncher({ engineProgram });
    await launchReady(launcher, 'r1');
    const sizes: number[] = [];
    const log = join(folder, 'logs', 'r1.log');
    // It was emptied when a later size is smaller than an earlier one.
    await expect
      .poll(
        async () => {
          sizes.push((await readFile(log)).length);
          return sizes.some((size, index) => index > 0 && size < sizes[index - 1]!);
        },
        { timeout: 20_000 },
      )
      .toBe(true);
  });
});

test('closing the launcher ends all replicas', async () => {
  const launcher = await createLauncher();
  const pids = await Promise.all(['r1', 'r2'].map(async (id) => (await launchReady(launcher, id)).pid!));
  await launcher.close();
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test('an engine gets no secret from the environment', () => {
  const env = {
    PATH: '/bin',
    HF_TOKEN: 't',
    AWS_SECRET_ACCESS_KEY: 's',
    DATABASE_URL: 'u',
    LANG: 'C',
    GGML_X: '1',
  };
  expect(childEnvironment(env)).toEqual({ PATH: '/bin', LANG: 'C', GGML_X: '1' });
});

/** A streamed completion over the socket. */
function complete(socketPath: string, maxTokens: number) {
  const begun = Promise.withResolvers<void>();
  const ended = new Promise<string>((resolve, reject) => {
    const body = JSON.stringify({
      model: 'accounts/a/models/m',
      prompt: 'a',
      max_tokens: maxTokens,
      stream: true,
    });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const where = { socketPath, path: '/v1/completions', method: 'POST' };
    const call = request({ ...where, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        begun.resolve();
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
  return { begun: begun.promise, ended };
}
