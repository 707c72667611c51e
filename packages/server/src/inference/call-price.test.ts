import { expect, test } from 'vitest';
import { defaultPriceBook } from '../ledger/price-book.ts';
import { planCallBounds, planCallPrice } from './call-price.ts';
import { dialects } from './dialects/index.ts';
import { endpoints } from './endpoints.ts';
import { createTestbed, deployment, model, snapshotOf } from './testbed/testbed.ts';

const name = 'accounts/fireworks/models/m';
const pool = deployment('accounts/fireworks/deployments/pool', name);

function planWorst(
  endpointName: string,
  priceClass: string,
  fields: Record<string, unknown>,
  dialect = 'native',
): number {
  const testbed = createTestbed();
  const modelRoute = model(name, { contextLength: 8192, priceClass });
  testbed.route(snapshotOf({ models: [modelRoute], deployments: [pool] }));
  const guard = {
    check: () => undefined,
    reserve: () => Promise.reject(new Error('nothing is reserved here')),
  };
  const context = { ...testbed.context, spending: { guard, prices: defaultPriceBook } };
  const endpoint = endpoints.find((entry) => entry.name === endpointName)!;
  const target = { model: name, modelRoute, deployment: pool, adapter: null };
  const bytes = Buffer.byteLength(JSON.stringify(fields));
  const bounds = planCallBounds(context, endpoint, target, dialects.get(dialect)!, fields, bytes);
  return planCallPrice(context, target, bounds)!.worstNanos;
}

test('a reranker reads query and task once a document, and that is reserved', () => {
  const documents = Array.from({ length: 10 }, () => 'short');
  const tokens = 10 * (5_000 + 500 + 5);
  const fields = { query: 'q'.repeat(5_000), task: 't'.repeat(500), documents };
  expect(planWorst('rerank', 'embedding-up-to-150m', fields)).toBeGreaterThanOrEqual(tokens * 8);
});

test('each choice of each prompt may have its whole completion', () => {
  const fields = { prompt: ['a', 'b'], n: 3, max_tokens: 100 };
  expect(planWorst('completions', 'text-up-to-4b', fields)).toBeGreaterThanOrEqual(6 * 100 * 100);
  const { prompt, n } = fields;
  expect(planWorst('completions', 'text-up-to-4b', { prompt, n })).toBeGreaterThanOrEqual(6 * 2048 * 100);
});

test('where a server goes on to the end of its context, that is reserved', () => {
  const plan = (dialect: string) => planWorst('completions', 'text-up-to-4b', { prompt: 'a' }, dialect);
  expect(plan('llama-server')).toBe(plan('native'));
  expect(plan('vllm') - plan('native')).toBe((8192 - 2048) * 100);
});
