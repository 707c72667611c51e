import { statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { writeTinyAdapter, writeTinyModel } from '@sparkler/llama';
import { expect, test, vi } from 'vitest';
import { createSeededRandom, type SeededRandom } from '../core/testing/seeded-random.ts';
import { openFolder, type SpawnedEngine, scriptPath, spawnEngine } from '../testing/spawn-engine.ts';
import { weighMapping, weighProcess } from '../testing/weigh-process.ts';

const MIB = 1024 ** 2;
const noProc = process.platform === 'linux' ? null : 'memory is read from /proc, which only Linux has';
/** Thousands of requests wait their turn on a machine that is busy with other tests. */
const TIMEOUT_MS = 600_000;

/** Requests of a round, and how many at once. */
const REQUESTS = 250;
const AT_ONCE = 8;
const ROUNDS = { warmUp: 3, weighed: 6 };
/**
 * What 1,500 requests may leave behind, JavaScript's heap and all of the process: noise of a warm process.
 */
const HEAP_GROWTH_MAX = 1 * MIB;
const PROCESS_GROWTH_MAX = 16 * MIB;
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
const JSON_HEADERS = { 'content-type': 'application/json' };
const SHAPE = { dim: 32, layers: 1, heads: 2, kvHeads: 1, feedForward: 64 };
const SCHEMA = { type: 'object', properties: { a: { enum: [1, 2] } }, required: ['a'] };

/**
 * A request by chance: lengths, adapters, schemas, choices, streams, isolation keys, aborts. Schemas have no
 * keys, since grammars are kept for 256 owners: that is a cache filling up, not a leak.
 */
async function askOne(address: string, random: SeededRandom, id: number): Promise<void> {
  const isAborted = random.next() < 0.15;
  const body = {
    model: random.pick(['test', 'test', 'mine']),
    prompt: `${id} `.repeat(random.integer(1, 24)),
    max_tokens: random.integer(1, 8),
    stream: random.next() < 0.5,
    n: random.next() < 0.1 ? 3 : 1,
    temperature: random.pick([0, 1]),
    ...(random.next() < 0.1 ? { logprobs: 2 } : {}),
    ...(random.next() < 0.1
      ? { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: SCHEMA } } }
      : { prompt_cache_isolation_key: random.pick(['', `key ${id}`]) }),
  };
  const status = await post(`${address}/v1/completions`, body, isAborted);
  expect(status).toBe(200);
}

/**
 * Thousands of times: `fetch` would take as long as the engine. Resolves when the answer was read or left.
 */
function post(url: string, body: object, isAborted: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method: 'POST', agent, headers: JSON_HEADERS }, (answer) => {
      const status = answer.statusCode!;
      answer.on('close', () => resolve(status)).on('error', () => undefined);
      if (isAborted) sent.destroy();
      else answer.resume();
    });
    sent.on('error', reject).end(JSON.stringify(body));
  });
}

async function runRound(engine: SpawnedEngine, random: SeededRandom, first: number): Promise<void> {
  let next = first;
  const talk = async () => {
    while (next < first + REQUESTS) await askOne(engine.address, random, next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, talk));
  await vi.waitFor(async () => {
    const status = await (await fetch(`${engine.address}/status`)).json();
    expect(status).toMatchObject({ running: 0, waiting: 0 });
  }, 30_000);
}

/** What is left after a garbage collection. */
async function weighAfterCollection({ child, events }: SpawnedEngine) {
  const told = () => events.filter(({ event }) => event === 'collected');
  const before = told().length;
  child.kill('SIGUSR2');
  await vi.waitFor(() => expect(told().length).toBeGreaterThan(before), 30_000);
  return { heap: Number(told().at(-1)!.heapBytes), process: weighProcess(child.pid!).anonymous };
}

/**
 * How much heavier it became: the lightest of the last three rounds against the lightest of the first three.
 */
function growthOf(weights: readonly number[]): number {
  return Math.min(...weights.slice(-3)) - Math.min(...weights.slice(0, 3));
}

test('thousands of requests leave nothing behind in the memory of the process', {
  timeout: TIMEOUT_MS,
}, async (context) => {
  if (noProc !== null) context.skip(noProc);
  using folder = openFolder();
  const modelPath = path.join(folder.path, 'tiny.gguf');
  const adapterPath = path.join(folder.path, 'adapter.gguf');
  await writeTinyModel(modelPath, SHAPE);
  await writeTinyAdapter(adapterPath, SHAPE);
  const flags = ['--model', modelPath, '--threads', '1', '--cells', '1024', '--sequences', '8'];
  // Young objects and the arenas of malloc otherwise take what they like, in leaps.
  const nodeFlags = ['--expose-gc', '--max-semi-space-size=2', '--import', scriptPath('collect-garbage')];
  const engine = await spawnEngine([...flags, '--backend', 'cpu', '--host-cache-mb', '1'], nodeFlags, {
    MALLOC_ARENA_MAX: '1',
  });
  try {
    const random = createSeededRandom(11);
    const weights: { heap: number; process: number }[] = [];
    for (let round = 0; round < ROUNDS.warmUp + ROUNDS.weighed; round++) {
      // Each round has a version of the adapter of its own: what one leaves behind would add up.
      const body = JSON.stringify({ id: 'mine', path: adapterPath });
      const loaded = await fetch(`${engine.address}/v1/adapters`, {
        method: 'POST',
        body,
        headers: JSON_HEADERS,
      });
      expect(loaded.status).toBe(201);
      await runRound(engine, random, round * REQUESTS);
      weights.push(await weighAfterCollection(engine));
    }
    if (process.env.MEMORY_PRINT) console.log(weights);
    // The cache was in order whenever the engine fell idle, and room was short all the time.
    const metrics = await (await fetch(`${engine.address}/metrics`)).text();
    expect(metrics).toMatch(/^sparkler_engine_cache_repairs_total 0$/m);
    expect(
      Number(/^sparkler_engine_cache_moves_total\{kind="evicted"\} (\d+)$/m.exec(metrics)?.[1]),
    ).toBeGreaterThan(100);
    const weighed = weights.slice(ROUNDS.warmUp);
    expect(growthOf(weighed.map(({ heap }) => heap))).toBeLessThan(HEAP_GROWTH_MAX);
    expect(growthOf(weighed.map((weight) => weight.process))).toBeLessThan(PROCESS_GROWTH_MAX);
  } finally {
    await engine.stop();
  }
});

test('two replicas of a model have its weights in memory once', async (context) => {
  if (noProc !== null) context.skip(noProc);
  using folder = openFolder();
  const modelPath = path.join(folder.path, 'shared.gguf');
  await writeTinyModel(modelPath, { dim: 256, layers: 8, feedForward: 1024, heads: 8, kvHeads: 8 });
  const flags = ['--model', modelPath, '--threads', '1', '--cells', '512', '--sequences', '2'];
  const replicas = await Promise.all([spawnEngine(flags), spawnEngine(flags)]);
  try {
    for (const { address } of replicas) {
      const body = JSON.stringify({ model: 'test', prompt: 'Hi', max_tokens: 4 });
      const answer = await fetch(`${address}/v1/completions`, {
        method: 'POST',
        body,
        headers: JSON_HEADERS,
      });
      expect(answer.status).toBe(200);
    }
    const { size } = statSync(modelPath);
    for (const { child } of replicas) {
      const weight = weighMapping(child.pid!, modelPath);
      expect(weight.sharedClean).toBeGreaterThan(0.9 * size);
      expect(weight.private).toBeLessThan(0.05 * size);
      expect(weight.proportional).toBeLessThan(0.6 * size);
    }
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }
});
