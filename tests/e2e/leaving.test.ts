import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import {
  type SpawnedEngine,
  scriptPath,
  spawnEngine,
} from '../../packages/engine/src/testing/spawn-engine.ts';
import {
  aliceKey,
  createTestbed,
  listen,
  snapshotOf,
  type Testbed,
  tinySnapshot,
} from '../../packages/server/src/inference/testbed/testbed.ts';
import { planCost } from '../../packages/server/src/ledger/plan-cost.ts';
import { defaultPriceBook, findTokenPrices } from '../../packages/server/src/ledger/price-book.ts';
import { SpendLeases } from '../../packages/server/src/ledger/spend-leases.ts';
import { type ListeningRelay, startListeningRelay } from './listening-relay.ts';

/**
 * Callers that leave, before an engine process that is slow: the prompt is due, and of the answer what was
 * written to them, not one token more (docs/billing.md).
 */

const priceClass = 'text-up-to-4b';
const prices = findTokenPrices(defaultPriceBook, priceClass)!;

/** One that never gets through a prompt, one that never ends an answer. */
let engines: { hanging: SpawnedEngine; endless: SpawnedEngine };
let folder: string;
let relay: ListeningRelay;
let testbed: Testbed;
let server: { baseUrl: string; close(): Promise<void> };

const socketOf = (engine: keyof typeof engines) => join(folder, `${engine}.sock`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-leaving-'));
  const open = (name: keyof typeof engines, script: string) =>
    spawnEngine(['--socket', socketOf(name), '--script', script]);
  const endless = fileURLToPath(new URL('../guides/endless-script.ts', import.meta.url));
  const [first, second] = await Promise.all([
    open('hanging', scriptPath('hanging')),
    open('endless', endless),
  ]);
  engines = { hanging: first, endless: second };
}, 60_000);
afterAll(async () => {
  await engines?.hanging.stop();
  await engines?.endless.stop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await server.close();
  await relay.close();
});

let relays = 0;

/** The gateway, with money, before one engine. */
async function start(engine: keyof typeof engines, runningPerReplicaMax = 8): Promise<void> {
  const heard = join(folder, `heard-${relays++}.sock`);
  relay = await startListeningRelay(heard, socketOf(engine));
  testbed = createTestbed({ runningPerReplicaMax });
  const { models, deployments, deployedModels } = tinySnapshot([heard]);
  testbed.route(
    snapshotOf({
      models: [...models.values()].map((model) => ({ ...model, priceClass })),
      deployments: [...deployments.values()],
      deployedModels: [...deployedModels.values()],
    }),
  );
  const guard = new SpendLeases({
    source: { extend: async (_account, _period, nanos) => nanos, giveBack: async () => undefined },
    standingOf: () => ({ monthlyLimitNanos: 10n ** 12n, suspension: null }),
    now: Date.now,
  });
  const spending = { guard, prices: defaultPriceBook };
  server = await listen({ ...testbed, context: { ...testbed.context, spending } });
}

function send(path: string, fields: Record<string, unknown>, signal: AbortSignal): Promise<Response> {
  return fetch(`${server.baseUrl}/inference/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tiny', ...fields }),
    signal,
  });
}

/** Prompt tokens as the engine told them ahead of its answer. */
async function hearPromptTokens(): Promise<number> {
  return await vi.waitFor(() => {
    const told = /103 Early Hints\r\n(?:.*\r\n)*?fireworks-prompt-tokens: (\d+)\r\n/i.exec(relay.heard());
    expect(told).not.toBeNull();
    return Number(told![1]);
  }, 20_000);
}

const messages = [{ role: 'user', content: 'SAY hello' }];

test.each([
  ['a streamed chat', 'chat/completions', { messages, stream: true }],
  ['a chat', 'chat/completions', { messages }],
  ['a streamed completion', 'completions', { prompt: 'hello', stream: true }],
  ['completions of two prompts', 'completions', { prompt: ['hello', 'you there'] }],
  ['embeddings of two texts', 'embeddings', { input: ['one', 'two more'] }],
])('%s, left before the first byte: the prompt is due and nothing else', async (_, path, fields) => {
  await start('hanging');
  const leave = new AbortController();
  const sent = send(path, fields, leave.signal).catch(() => null);
  const promptTokens = await hearPromptTokens();
  expect(promptTokens).toBeGreaterThan(1);
  leave.abort();
  expect(await sent).toBeNull();
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(1), 20_000);
  const [usage] = testbed.usage;
  expect(usage).toMatchObject({ status: 499, promptTokens, completionTokens: 0 });
  expect(usage!.costNanos).toBe(
    planCost(prices, { promptTokens, cachedPromptTokens: 0, completionTokens: 0 }),
  );
  expect(usage!.costNanos).toBeGreaterThan(0);
  // The engine was told: its connection is closed, where an answer would have gone.
  await vi.waitFor(() => expect(relay.openCount()).toBe(0), 20_000);
});

test('a caller that leaves the queue of the gateway owes nothing', async () => {
  await start('hanging', 1);
  const first = new AbortController();
  const running = send('chat/completions', { messages }, first.signal).catch(() => null);
  await hearPromptTokens();
  const second = new AbortController();
  const waiting = send('chat/completions', { messages }, second.signal).catch(() => null);
  const countWaiting = async () => {
    const text = await testbed.context.metrics.metrics();
    return Number(/^sparkler_inference_waiting (\d+)$/m.exec(text)?.[1]);
  };
  await vi.waitFor(async () => expect(await countWaiting()).toBe(1), 20_000);
  second.abort();
  await waiting;
  await vi.waitFor(async () => expect(await countWaiting()).toBe(0), 20_000);
  first.abort();
  await running;
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(1), 20_000);
  expect(testbed.usage[0]!.promptTokens).toBeGreaterThan(0);
});

test.each([
  ['chat/completions', { messages: [{ role: 'user', content: 'go on' }] }],
  ['completions', { prompt: 'go on' }],
])(
  'a stream of %s that is left: no token more is generated, and what was written is due',
  async (path, fields) => {
    await start('endless');
    const leave = new AbortController();
    const asked = { ...fields, stream: true, max_tokens: 100_000, ignore_eos: true };
    const response = await send(path, asked, leave.signal);
    const promptTokens = await hearPromptTokens();
    let read = '';
    for await (const part of response.body!) {
      read += Buffer.from(part).toString();
      if (countTokens(read) >= 3) break;
    }
    leave.abort();
    await vi.waitFor(() => expect(testbed.usage).toHaveLength(1), 20_000);
    await vi.waitFor(async () => expect(await isIdle()).toBe(true), 20_000);
    const [usage] = testbed.usage;
    expect(usage).toMatchObject({ status: 499, promptTokens });
    expect(usage!.completionTokens).toBeGreaterThanOrEqual(countTokens(read));
    expect(usage!.completionTokens).toBeLessThanOrEqual(countTokens(relay.heard()));
    expect(usage!.costNanos).toBe(planCost(prices, usage!));
  },
);

/** Pieces of text in frames of a stream; this model says a letter a token. */
function countTokens(frames: string): number {
  return [...frames.matchAll(/"(?:content|text)":"[^"]+"/g)].length;
}

/** Whether nothing runs or waits in the endless engine. */
async function isIdle(): Promise<boolean> {
  const dispatcher = new Agent({ connect: { socketPath: socketOf('endless') } });
  const { body } = await request('http://engine/status', { dispatcher });
  const { running, waiting } = (await body.json()) as { running: number; waiting: number };
  await dispatcher.close();
  return running + waiting === 0;
}
