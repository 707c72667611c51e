import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answerText, startTestReplica, streamWords, type TestReplica } from './testbed/test-replica.ts';
import { aliceKey, bobKey, createTestbed, listen, type Testbed, tinySnapshot } from './testbed/testbed.ts';

let testbed: Testbed;
let replica: TestReplica;
let server: { baseUrl: string; close(): Promise<void> };

beforeEach(async () => {
  testbed = createTestbed();
  replica = await startTestReplica(answerText('hello'));
  testbed.route(tinySnapshot([replica.socketPath]));
  server = await listen(testbed);
});

afterEach(async () => {
  await server.close();
  await replica.kill();
});

function chat(fields: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }], ...fields });
  return fetch(`${server.baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json', ...headers },
    body,
  });
}

test('a whole answer comes through without what is between gateway and engine', async () => {
  const response = await chat({});
  expect(response.status).toBe(200);
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ choices: [{ message: { content: 'hello' } }], usage: { total_tokens: 10 } });
  expect(body).not.toHaveProperty('sparkler');
  expect(response.headers.get('fireworks-prompt-tokens')).toBe('7');
  expect(response.headers.get('x-secret')).toBeNull();
  expect(response.headers.get('x-request-id')).toBe('request-1');
});

test('the engine learns who asks, under which cache key, and the full name of the model', async () => {
  await chat({ prompt_cache_isolation_key: 'tenant-7' });
  expect(replica.received[0]!.body).toMatchObject({
    model: 'accounts/fireworks/models/tiny',
    messages: [{ role: 'user', content: 'hi' }],
    sparkler: {
      request_id: 'request-1',
      isolation_key: 'alice/tenant-7',
      tenant: 'alice',
      priority: 0,
      adapter: null,
    },
  });
});

test('our own engines are told whose bill a request is on, servers of others are not', async () => {
  const named = createTestbed();
  named.route(tinySnapshot([replica.socketPath]));
  const gateway = await listen({ ...named, context: { ...named.context, gatewayId: 'g1' } });
  const ask = () =>
    fetch(`${gateway.baseUrl}/inference/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }] }),
    }).then((response) => response.text());
  try {
    await ask();
    named.route(tinySnapshot([replica.socketPath], { upstreamModel: 'theirs' }));
    await ask();
  } finally {
    await gateway.close();
  }
  const [ours, theirs] = replica.received.map(({ headers }) => headers);
  expect(ours!['sparkler-gateway']).toBe('g1');
  expect(JSON.parse(String(ours!['sparkler-bill']))).toMatchObject({
    requestId: 'request-1',
    account: 'alice',
    apiKeyId: 'key-alice',
    model: 'accounts/fireworks/models/tiny',
    tokenClass: 'tokens-per-day-under-40b',
  });
  expect(Object.keys(theirs!).filter((name) => name.startsWith('sparkler-'))).toEqual([]);
});

test('a stream comes through frame by frame, with usage and without the extension', async () => {
  replica.answer = streamWords(['Good', ' ', 'day']);
  const response = await chat({ stream: true });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const text = await response.text();
  const frames = text.split('\n\n').filter((frame) => frame !== '');
  expect(frames).toHaveLength(6);
  expect(frames.at(-1)).toBe('data: [DONE]');
  const last = JSON.parse(frames.at(-2)!.slice(6));
  expect(last.usage).toEqual({ prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 });
  expect(text).not.toContain('sparkler');
});

test('each admitted request is metered once, with tokens and times', async () => {
  await (await chat({})).text();
  replica.answer = streamWords(['a', 'b']);
  await (await chat({ stream: true })).text();
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(2));
  expect(testbed.usage[0]).toMatchObject({
    requestId: 'request-1',
    account: 'alice',
    model: 'accounts/fireworks/models/tiny',
    deployment: 'accounts/fireworks/deployments/tiny',
    endpoint: 'chat',
    status: 200,
    promptTokens: 7,
    cachedPromptTokens: 2,
    completionTokens: 3,
  });
  expect(testbed.usage[1]).toMatchObject({ requestId: 'request-2', completionTokens: 2, status: 200 });
  expect(testbed.usage[1]!.firstTokenMs).toBeGreaterThanOrEqual(0);
});

test("the caller's request id is echoed, but usage goes under an id of our own", async () => {
  const first = await chat({}, { 'x-request-id': 'my-request-0001' });
  const second = await chat({}, { 'x-request-id': 'my-request-0001' });
  expect(first.headers.get('x-request-id')).toBe('my-request-0001');
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(2));
  const ids = testbed.usage.map((usage) => usage.requestId);
  expect(new Set(ids).size).toBe(2);
  expect(ids).not.toContain('my-request-0001');
  expect(second.headers.get('x-fireworks-request-id')).toBe(ids[1]);
});

test('the timings of a request are for its own account, by our id or by its own, without text', async () => {
  await (await chat({}, { 'x-request-id': 'my-request-0001' })).text();
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(1));
  const show = (id: string, key: string) =>
    fetch(`${server.baseUrl}/inference/v1/requests/${id}`, { headers: { authorization: `Bearer ${key}` } });
  const timings = (await (await show('my-request-0001', aliceKey)).json()) as Record<string, unknown>;
  expect(timings).toMatchObject({
    request_id: testbed.usage[0]!.requestId,
    client_request_id: 'my-request-0001',
    replica: 'replica-0',
    adapter: null,
    tokens: { prompt: 7, cached_prompt: 2, completion: 3 },
    timings: { prefill: 1, decode: 2, gateway_queue: expect.any(Number), total: expect.any(Number) },
  });
  expect(JSON.stringify(timings)).not.toContain('hello');
  expect((await show(String(timings.request_id), aliceKey)).status).toBe(200);
  expect((await show(String(timings.request_id), bobKey)).status).toBe(404);
  const listed = await fetch(`${server.baseUrl}/inference/v1/requests`, {
    headers: { authorization: `Bearer ${bobKey}` },
  });
  expect(await listed.json()).toEqual({ object: 'list', data: [] });
});

test('the headers of affinity and of cache isolation do what the fields do', async () => {
  testbed.route(
    tinySnapshot([replica.socketPath, replica.socketPath, replica.socketPath, replica.socketPath]),
  );
  const sessions = Array.from({ length: 8 }, (_, index) => `session-${index}`);
  const used: string[][] = [];
  for (let turn = 0; turn < 2; turn++) {
    const replicas: string[] = [];
    for (const session of sessions) {
      const response = await chat(
        {},
        { 'x-session-affinity': session, 'x-prompt-cache-isolation-key': session },
      );
      const id = response.headers.get('x-fireworks-request-id');
      await vi.waitFor(() => expect(testbed.usage.map((usage) => usage.requestId)).toContain(id));
      const timings = await fetch(`${server.baseUrl}/inference/v1/requests/${id}`, {
        headers: { authorization: `Bearer ${aliceKey}` },
      });
      replicas.push(((await timings.json()) as { replica: string }).replica);
    }
    used.push(replicas);
  }
  expect(used[1]).toEqual(used[0]);
  expect(new Set(used[0]).size).toBeGreaterThan(1);
  expect(replica.received[0]!.body.sparkler).toMatchObject({ isolation_key: 'alice/session-0' });
});
