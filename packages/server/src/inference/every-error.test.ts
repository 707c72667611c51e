import type { InferenceErrorStatus } from '@sparkler/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultPriceBook } from '../ledger/price-book.ts';
import { SpendLeases } from '../ledger/spend-leases.ts';
import { type Answer, answerText, startTestReplica, type TestReplica } from './testbed/test-replica.ts';
import {
  aliceKey,
  createTestbed,
  deployedModel,
  listen,
  snapshotOf,
  type Testbed,
  tinySnapshot,
} from './testbed/testbed.ts';

/**
 * The specification's table "Inference errors", whole: a row each, provoked over HTTP on a gateway before a
 * replica.
 */

let testbed: Testbed;
let replica: TestReplica;
let server: { baseUrl: string; close(): Promise<void> };
/** Added to the clock of the gateway. */
let passedMs = 0;

async function start(
  answer: Answer,
  settings: Parameters<typeof createTestbed>[0] = {},
  monthlyLimitNanos: bigint | null = null,
): Promise<void> {
  passedMs = 0;
  replica = await startTestReplica(answer);
  testbed = createTestbed(settings);
  const tiny = tinySnapshot([replica.socketPath]);
  const pool = [...tiny.deployments.values()][0]!;
  const broken = { adapter: 'a@1', state: 'failed', reason: 'its rank is 512' } as const;
  const models = [...tiny.models.values()].map((route) => ({ ...route, priceClass: 'text-up-to-4b' }));
  testbed.route(
    snapshotOf({
      models,
      deployments: [pool],
      deployedModels: [
        ...tiny.deployedModels.values(),
        deployedModel(
          'accounts/fireworks/deployedModels/b',
          'accounts/fireworks/models/broken',
          pool.name,
          broken,
        ),
      ],
    }),
  );
  const guard = new SpendLeases({
    source: { extend: async (_account, _period, nanos) => nanos, giveBack: async () => undefined },
    standingOf: () => ({
      monthlyLimitNanos,
      suspension: monthlyLimitNanos === 0n ? 'a payment failed' : null,
    }),
    now: Date.now,
  });
  const spending = { guard, prices: defaultPriceBook };
  const now = () => Date.now() + passedMs;
  server = await listen({ ...testbed, context: { ...testbed.context, spending, now } });
}

/** Requests in the queue of the gateway. */
async function countWaiting(): Promise<number> {
  const text = await testbed.context.metrics.metrics();
  return Number(/^sparkler_inference_waiting (\d+)$/m.exec(text)?.[1]);
}

beforeEach(() => start(answerText('hello')));
afterEach(stop);

async function stop(): Promise<void> {
  await server.close();
  await replica.kill();
}

async function restart(...how: Parameters<typeof start>): Promise<void> {
  await stop();
  await start(...how);
}

const chatPath = '/inference/v1/chat/completions';

function send(
  fields: Record<string, unknown> = {},
  { path = chatPath, method = 'POST', key = aliceKey } = {},
): Promise<Response> {
  const body = JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }], ...fields });
  return fetch(`${server.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body }),
  });
}

/** Answers with these bytes and this status. */
function say(status: number, body: string): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body);
  };
}

const hang: Answer = () => undefined;

const provoke: Readonly<Record<InferenceErrorStatus, () => Promise<Response>>> = {
  400: () => send({ temperature: 'hot' }),
  401: () => send({}, { key: 'fw_nobody' }),
  async 402() {
    await restart(answerText('hello'), {}, 0n);
    return send();
  },
  403: () => send({ model: 'nothing' }),
  404: () => send({}, { path: '/v1/foobar' }),
  405: () => send({}, { method: 'GET' }),
  async 408() {
    // The only place is taken by a request that hangs; the one behind it has its time run out in the queue.
    await restart(hang, { runningPerReplicaMax: 1 });
    const first = send();
    await vi.waitFor(() => expect(replica.received).toHaveLength(1));
    const second = send();
    await vi.waitFor(async () => expect(await countWaiting()).toBe(1));
    passedMs = 700_000;
    await first;
    return second;
  },
  412: () => send({ model: 'broken' }),
  async 413() {
    await restart(answerText('hello'), { bodyBytesMax: 2048 });
    return send({ user: 'x'.repeat(4096) });
  },
  async 429() {
    await restart(hang, { runningPerReplicaMax: 1, queuedPerDeploymentMax: 0 });
    const first = send().catch(() => null);
    await vi.waitFor(() => expect(replica.received).toHaveLength(1));
    const second = await send();
    await replica.kill();
    await first;
    return second;
  },
  async 500() {
    await restart(say(500, JSON.stringify({ error: { message: 'a bug of the engine, told by itself' } })));
    return send();
  },
  async 502() {
    await restart(say(200, 'this is no JSON'));
    return send();
  },
  async 503() {
    await replica.kill();
    return send();
  },
  async 504() {
    await restart(hang, { requestTimeoutMs: 300 });
    return send();
  },
  async 520() {
    await restart(say(555, 'what?'));
    return send();
  },
};

const names: Readonly<Record<InferenceErrorStatus, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  402: 'PAYMENT_REQUIRED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  412: 'PRECONDITION_FAILED',
  413: 'PAYLOAD_TOO_LARGE',
  429: 'OVER_QUOTA',
  500: 'INTERNAL_SERVER_ERROR',
  502: 'BAD_GATEWAY',
  503: 'SERVICE_UNAVAILABLE',
  504: 'GATEWAY_TIMEOUT',
  520: 'UNKNOWN_ERROR',
};

/** Worth sending again as it is, so they say when. */
const retried = new Set([408, 429, 502, 503, 504]);

describe('inference errors', () => {
  test.each(Object.entries(provoke))('%s', async (status, request) => {
    const response = await request();
    expect(response.status).toBe(Number(status));
    const body = (await response.json()) as { error: { code: string; message: string } };
    expect(body).toEqual({
      error: {
        object: 'error',
        message: expect.any(String),
        type: expect.any(String),
        code: names[Number(status) as InferenceErrorStatus],
        param: body.error.code === 'BAD_REQUEST' ? 'temperature' : expect.toBeOneOf(['model', null]),
      },
      request_id: response.headers.get('x-request-id'),
    });
    expect(body.error.message.length).toBeGreaterThan(20);
    expect(response.headers.has('retry-after')).toBe(retried.has(Number(status)));
  });
});

test('an answer that can not be read is not told on, nor logged', async () => {
  await restart(say(200, 'a secret that no parser understands'));
  expect(await (await send()).text()).not.toContain('secret');
  expect(testbed.logLines.join('\n')).not.toContain('secret');
});
