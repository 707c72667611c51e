import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModelFolder } from '@sparkler/llama';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type SpawnedEngine, spawnEngine } from '../../packages/engine/src/testing/spawn-engine.ts';
import { writeTinyCheckpoint } from '../../packages/llama/src/tiny-model/tiny-checkpoint.ts';
import {
  aliceKey,
  createTestbed,
  deployedModel,
  deployment,
  listen,
  model,
  snapshotOf,
  type Testbed,
} from '../../packages/server/src/inference/testbed/testbed.ts';
import { defaultPriceBook } from '../../packages/server/src/ledger/price-book.ts';

/** POST /rerank through the gateway, on a real reranker: a tiny random BERT with a ranking head. */

const name = 'accounts/fireworks/models/ranker';
const asked = {
  model: 'ranker',
  query: 'what is the heat of it',
  documents: ['the heat', 'on and on', 'is it in the one', 'he at it'],
};
let folder: string;
let engine: SpawnedEngine;
let testbed: Testbed;
let server: Awaited<ReturnType<typeof listen>>;
/** What was reserved for each request, nano-dollars. */
const reserved: number[] = [];
const settled: number[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-rerank-'));
  await writeTinyCheckpoint(folder, { className: 'BertForSequenceClassification' });
  const target = join(folder, 'ranker.gguf');
  await convertModelFolder({ folder, target });
  const socketPath = join(folder, 'engine.sock');
  engine = await spawnEngine(['--model', target, '--socket', socketPath, '--threads', '1']);
  testbed = createTestbed();
  const pool = 'accounts/fireworks/deployments/ranker';
  const replicas = [{ id: 'r', address: { socketPath }, state: 'ready' as const }];
  testbed.route(
    snapshotOf({
      models: [
        model(name, { kind: 'EMBEDDING_MODEL', priceClass: 'embedding-up-to-150m', contextLength: 128 }),
      ],
      deployments: [deployment(pool, name, { replicas })],
      deployedModels: [deployedModel('accounts/fireworks/deployedModels/ranker', name, pool)],
    }),
  );
  const guard = {
    check: () => undefined,
    reserve: async (_account: string, nanos: number) => {
      reserved.push(nanos);
      return { period: '2026-11', settle: (cost: number) => void settled.push(cost) };
    },
  };
  const context = { ...testbed.context, spending: { guard, prices: defaultPriceBook } };
  server = await listen({ ...testbed, context });
}, 60_000);
afterAll(async () => {
  await server?.close();
  await engine?.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const list of [testbed.usage, reserved, settled]) list.length = 0;
});

function rerank(fields: Record<string, unknown>, path = '/inference/v1/rerank'): Promise<Response> {
  return fetch(`${server.baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
}

interface Ranking {
  readonly data: { readonly index: number; readonly relevance_score: number; readonly document?: string }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

describe('POST /rerank', () => {
  test('documents come best first, with their place and score, under both paths', async () => {
    const response = await rerank(asked);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-ratelimit-over-limit')).toBe('no');
    const ranking = (await response.json()) as Ranking;
    expect(ranking).toMatchObject({ object: 'list', model: name });
    expect(ranking.data.map((entry) => entry.index).sort()).toEqual([0, 1, 2, 3]);
    const scores = ranking.data.map((entry) => entry.relevance_score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(new Set(scores).size).toBe(4);
    for (const { index, document } of ranking.data) expect(document).toBe(asked.documents[index]);
    expect(await (await rerank(asked, '/v1/rerank')).json()).toEqual(ranking);
  });

  test('top_n cuts the list, return_documents leaves the texts out', async () => {
    const whole = (await (await rerank(asked)).json()) as Ranking;
    const fields = { ...asked, top_n: 2, return_documents: false };
    const best = (await (await rerank(fields)).json()) as Ranking;
    expect(best.data).toEqual(whole.data.slice(0, 2).map(({ document: _, ...rest }) => rest));
  });

  test('it is metered and paid by its tokens, and never costs more than was reserved', async () => {
    const { usage } = (await (await rerank(asked)).json()) as Ranking;
    await vi.waitFor(() => expect(testbed.usage).toHaveLength(1));
    expect(usage.prompt_tokens).toBeGreaterThan(20);
    const cost = usage.prompt_tokens * 8;
    expect(settled[0]).toBe(cost);
    expect(reserved[0]).toBeGreaterThanOrEqual(cost);
    expect(testbed.usage[0]).toMatchObject({
      endpoint: 'rerank',
      promptTokens: usage.prompt_tokens,
      completionTokens: 0,
      costNanos: cost,
    });
  });

  test.each([
    ['query', { ...asked, query: undefined }],
    ['documents', { ...asked, documents: [] }],
    ['top_n', { ...asked, top_n: 0 }],
    ['task', { ...asked, task: 'Find the heat' }],
    ['max_tokens', { ...asked, max_tokens: 5 }],
    ['documents[1]', { ...asked, documents: ['the', 'the heat '.repeat(200)] }],
  ])('a wrong %s is refused by name', async (param, fields) => {
    const response = await rerank(fields);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  });
});
