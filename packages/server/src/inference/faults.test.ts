import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  roleChunk,
  startTestReplica,
  streamWords,
  type TestReplica,
  textChunk,
} from './testbed/test-replica.ts';
import { aliceKey, createTestbed, listen, type Testbed, tinySnapshot } from './testbed/testbed.ts';

let testbed: Testbed;
let replica: TestReplica;
let server: { baseUrl: string; close(): Promise<void> };

async function start(settings: Parameters<typeof createTestbed>[0] = {}): Promise<void> {
  testbed = createTestbed(settings);
  testbed.route(tinySnapshot([replica.socketPath]));
  server = await listen(testbed);
}

beforeEach(async () => {
  replica = await startTestReplica(streamWords(['hi']));
});

afterEach(async () => {
  await server.close();
  await replica.kill();
});

function chat(fields: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${server.baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }], ...fields }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Waits until a response takes more, or is closed. */
async function drained(response: ServerResponse): Promise<void> {
  const either = new AbortController();
  await Promise.race([
    once(response, 'drain', { signal: either.signal }),
    once(response, 'close', { signal: either.signal }),
  ]).finally(() => either.abort());
}

test('a replica that dies in mid-stream ends the stream with an error event, metered once', async () => {
  await start();
  replica.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'fireworks-prompt-tokens': '7' });
    response.write(roleChunk());
    response.write(textChunk('half'), () => response.destroy());
  };
  const response = await chat({ stream: true });
  const frames = (await response.text()).split('\n\n').filter((frame) => frame !== '');
  const last = JSON.parse(frames.at(-1)!.slice(6));
  expect(last.error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', object: 'error' });
  expect(last.request_id).toBe('request-1');
  expect(frames).not.toContain('data: [DONE]');
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(1));
  expect(testbed.usage[0]).toMatchObject({ status: 503, promptTokens: 7, completionTokens: 1 });
});

test('a stream that stops without [DONE] is told as incomplete', async () => {
  await start();
  replica.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(textChunk('half'));
  };
  const text = await (await chat({ stream: true })).text();
  expect(text).toContain('the answer is incomplete');
});

test('a replica that dies before it answers is a 503 with Retry-After', async () => {
  await start();
  replica.answer = (_request, response) => void response.destroy();
  const response = await chat();
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('2');
  expect(await response.json()).toMatchObject({
    error: { code: 'SERVICE_UNAVAILABLE' },
    request_id: 'request-1',
  });
});

test('a replica that refuses connections is skipped, unseen by the caller', async () => {
  await start();
  replica.answer = streamWords(['ok']);
  testbed.route(tinySnapshot(['/nowhere/engine.sock', replica.socketPath]));
  const response = await chat({ stream: true });
  expect(await response.text()).toContain('"ok"');
  expect(replica.received).toHaveLength(1);
  await vi.waitFor(() => expect(testbed.usage.map((usage) => usage.status)).toEqual([200]));
});

test('when no replica takes connections the caller gets 503 with Retry-After', async () => {
  await start();
  testbed.route(tinySnapshot(['/nowhere/engine.sock']));
  const response = await chat();
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('a caller that leaves stops the replica at once and is metered as 499', async () => {
  await start();
  replica.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(textChunk('first'));
  };
  const abort = new AbortController();
  const response = await chat({ stream: true }, abort.signal);
  await response.body!.getReader().read();
  abort.abort();
  await vi.waitFor(() => expect(replica.received[0]!.aborted).toBe(true));
  await vi.waitFor(() => expect(testbed.usage.map((usage) => usage.status)).toEqual([499]));
});

test('what a caller that leaves has got is metered to the token, also where a chunk has several', async () => {
  await start();
  replica.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'fireworks-prompt-tokens': '7' });
    response.write(roleChunk() + roleChunk());
    response.write(textChunk('one') + textChunk('two three four', { sparkler: { chunk_tokens: 3 } }));
  };
  const abort = new AbortController();
  const response = await chat({ stream: true, n: 2 }, abort.signal);
  let text = '';
  for await (const part of response.body!) {
    text += Buffer.from(part).toString();
    if (text.includes('four')) break;
  }
  expect(text).not.toContain('sparkler');
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(1));
  expect(testbed.usage[0]).toMatchObject({ status: 499, promptTokens: 7, completionTokens: 4 });
});

test('a caller that leaves before the answer stops the replica too', async () => {
  await start();
  replica.answer = () => undefined;
  const abort = new AbortController();
  const sent = chat({}, abort.signal).catch(() => null);
  await vi.waitFor(() => expect(replica.received).toHaveLength(1));
  abort.abort();
  await sent;
  await vi.waitFor(() => expect(replica.received[0]!.aborted).toBe(true));
  await vi.waitFor(() => expect(testbed.usage.map((usage) => usage.status)).toEqual([499]));
});

test('a replica that takes too long is a 504', async () => {
  replica.answer = () => undefined;
  await start({ requestTimeoutMs: 300 });
  const response = await chat();
  expect(response.status).toBe(504);
  await vi.waitFor(() => expect(replica.received[0]!.aborted).toBe(true));
  await vi.waitFor(() => expect(testbed.usage.map((usage) => usage.status)).toEqual([504]));
});

test('a slow reader holds the replica back instead of filling memory', async () => {
  await start();
  let written = 0;
  let paused = false;
  replica.answer = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const frame = textChunk('x'.repeat(64 * 1024));
    while (written < 64 * 1024 * 1024 && !response.destroyed) {
      written += frame.length;
      if (response.write(frame)) continue;
      paused = true;
      await drained(response);
    }
  };
  const url = new URL(`${server.baseUrl}/inference/v1/chat/completions`);
  const headers = { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json' };
  const outgoing = httpRequest(url, { method: 'POST', headers });
  outgoing.end(JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'hi' }], stream: true }));
  const incoming = await new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve));
  incoming.pause();
  let before = -1;
  await vi.waitFor(
    () => {
      const since = before;
      before = written;
      expect(paused && written === since).toBe(true);
    },
    { interval: 200, timeout: 10_000 },
  );
  // Kernel buffers on both hops hold a few MB; the rest was never produced.
  expect(written).toBeLessThan(24 * 1024 * 1024);
  outgoing.destroy();
  await vi.waitFor(() => expect(testbed.usage.map((usage) => usage.status)).toEqual([499]));
});

test('a reader that stops for too long is cut off', async () => {
  await start({ slowReaderTimeoutMs: 200 });
  replica.answer = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const frame = textChunk('x'.repeat(64 * 1024));
    while (!response.destroyed) {
      if (response.write(frame)) continue;
      await drained(response);
    }
  };
  const response = await chat({ stream: true });
  expect(response.status).toBe(200);
  await vi.waitFor(() => expect(testbed.usage.map((usage) => usage.status)).toEqual([408]), 10_000);
  await vi.waitFor(() => expect(replica.received[0]!.aborted).toBe(true));
});

test('a sleeping deployment is waited for visibly by streams, silently by others', async () => {
  await start();
  testbed.route(tinySnapshot([], { state: 'asleep' }));
  const whole = chat();
  const streamed = await chat({ stream: true });
  const reader = streamed.body!.getReader();
  const first = Buffer.from((await reader.read()).value!).toString();
  expect(first).toMatch(/^: waiting for \S+ to start \(it is asleep\), position \d\n\n$/);
  expect(testbed.woken).toEqual(['accounts/fireworks/deployments/tiny']);
  testbed.route(tinySnapshot([replica.socketPath]));
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    rest += Buffer.from(value).toString();
  }
  expect(rest).toContain('data: [DONE]');
  expect((await whole).status).toBe(200);
});

test('an answer that is no stream, after comments went out, ends in an error event', async () => {
  await start();
  testbed.route(tinySnapshot([], { state: 'asleep' }));
  replica.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{}');
  };
  const response = await chat({ stream: true });
  testbed.route(tinySnapshot([replica.socketPath]));
  expect(await response.text()).toMatch(/is asleep\), position 1\n\ndata: \{"error":/);
});

test('a silent stream is kept alive with comments', async () => {
  await start({ streamKeepAliveMs: 100 });
  replica.answer = (request, response) =>
    void setTimeout(() => streamWords(['late'])(request, response), 1_500);
  const text = await (await chat({ stream: true })).text();
  expect(text).toMatch(/^: keep-alive\n\n/);
  expect(text).toContain('"late"');
});

test('closing the server lets running requests end, and takes no new ones', async () => {
  await start();
  replica.answer = (request, response) => void setTimeout(() => streamWords(['late'])(request, response), 50);
  const sent = chat({ stream: true });
  await vi.waitFor(() => expect(replica.received).toHaveLength(1));
  const closing = server.close();
  expect(await (await sent).text()).toContain('data: [DONE]');
  await closing;
  await expect(chat()).rejects.toThrow();
});

test('closing the server ends what runs too long with an error event', async () => {
  await start();
  replica.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(textChunk('first'));
  };
  const response = await chat({ stream: true });
  const closing = server.close();
  expect(await response.text()).toContain('the server is shutting down');
  await closing;
});

test.each([
  [400, 400],
  [412, 412],
  [422, 400],
  [429, 429],
  [500, 500],
  [503, 503],
  [401, 502],
  [404, 502],
  [418, 520],
  [520, 520],
])('a replica that answers %i is told to the caller as %i', async (theirs, ours) => {
  await start();
  replica.answer = (_request, response) => {
    response.writeHead(theirs, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'because', param: 'messages', code: 'SOME_CODE' } }));
  };
  const response = await chat();
  expect(response.status).toBe(ours);
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  if (theirs !== 404 && theirs !== 401 && theirs !== 418 && theirs !== 520)
    expect(error.message).toBe('because');
  if (ours < 500 && ours !== 502) expect(error).toMatchObject({ param: 'messages', code: 'SOME_CODE' });
});
