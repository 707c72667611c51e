import { afterEach, beforeEach, expect, test } from 'vitest';
import { answerText, startTestReplica, type TestReplica } from './testbed/test-replica.ts';
import {
  aliceKey,
  createTestbed,
  deployedModel,
  listen,
  snapshotOf,
  tinySnapshot,
} from './testbed/testbed.ts';

let replica: TestReplica;
let server: { baseUrl: string; close(): Promise<void> };

beforeEach(async () => {
  replica = await startTestReplica(answerText('hello'));
  const testbed = createTestbed();
  const shared = tinySnapshot([replica.socketPath]);
  const pool = [...shared.deployments.values()][0]!;
  const own = { ...pool, name: 'accounts/alice/deployments/own', account: 'alice' };
  const entry = deployedModel('accounts/alice/deployedModels/own', pool.baseModel, own.name, {
    isDefault: false,
  });
  testbed.route(
    snapshotOf({
      models: [...shared.models.values()],
      deployments: [pool, own],
      deployedModels: [...shared.deployedModels.values(), entry],
    }),
  );
  // A clock that stands still: nothing is replenished, however slow the machine is.
  const nowMs = Date.now();
  server = await listen({ ...testbed, context: { ...testbed.context, now: () => nowMs } });
});

afterEach(async () => {
  await server.close();
  await replica.kill();
});

function chat(fields: Record<string, unknown> = {}): Promise<Response> {
  return fetch(`${server.baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }], ...fields }),
  });
}

test('n choices count as n requests, and those over the limit run with lower priority', async () => {
  const first = await chat({ n: 60 });
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('0');
  expect(first.headers.get('x-ratelimit-over-limit')).toBe('no');
  const second = await chat();
  expect(second.status).toBe(200);
  expect(second.headers.get('x-ratelimit-over-limit')).toBe('yes');
  const priorities = replica.received.map(({ body }) => (body.sparkler as { priority: number }).priority);
  expect(priorities).toEqual([0, -1]);
});

test('service tiers are priorities: flex yields, priority goes first on own deployments only', async () => {
  await chat({ service_tier: 'flex' });
  await chat({ service_tier: 'priority', model: 'tiny#alice/own' });
  const priorities = replica.received.map(({ body }) => (body.sparkler as { priority: number }).priority);
  expect(priorities).toEqual([-1, 1]);
  const refused = await chat({ service_tier: 'priority' });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: { param: 'service_tier' } });
});

test('over the fixed maximum is a 429 with Retry-After and the limits', async () => {
  for (let sent = 0; sent < 47; sent++) await (await chat({ n: 128 })).text();
  const refused = await chat({ n: 128 });
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.headers.get('x-ratelimit-over-limit')).toBe('yes');
  expect(await refused.json()).toMatchObject({ error: { code: 'OVER_QUOTA', type: 'rate_limit_error' } });
});

test("an account's own deployment has no rate limits", async () => {
  const response = await chat({ model: 'tiny#alice/own' });
  expect(response.status).toBe(200);
  expect(response.headers.has('x-ratelimit-limit-requests')).toBe(false);
});
