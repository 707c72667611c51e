import nodeHttp from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { chat, completion, openHttp, type TestHttp } from '../testing/open-http.ts';
import { script } from '../testing/recite-script.ts';

/** Posts over a real socket; the answer is there as soon as its head is. */
async function send(http: TestHttp, route: string, body: object): Promise<nodeHttp.IncomingMessage> {
  if (!http.server.server.listening) await http.server.listen({ port: 0 });
  const { port } = http.server.server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const request = nodeHttp.request({ port, method: 'POST', path: route, headers, agent: false }, resolve);
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

async function readAll(response: nodeHttp.IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response) text += part;
  return text;
}

function contentOf(text: string): string {
  return text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map((event) => JSON.parse(event.slice(6)).choices[0])
    .map((choice) => choice.text ?? choice.delta.content ?? '')
    .join('');
}

test('a request that waits in the queue gets comments, then its answer', async () => {
  await using http = openHttp({
    model: { stepMs: () => 10, limits: { sequencesMax: 1 } },
    context: { keepAliveMs: 40 },
  });
  const first = await send(http, '/v1/completions', completion('x'.repeat(60), { stream: true }));
  const second = await send(http, '/v1/chat/completions', chat('mine', { stream: true }));
  const text = await readAll(second);
  expect(text).toMatch(/: queued \d\n\n/);
  expect(contentOf(text)).toBe('mine');
  expect(second.headers['fireworks-prompt-tokens']).toBeDefined();
  expect(second.headers['fireworks-cached-prompt-tokens']).toBeUndefined();
  expect(contentOf(await readAll(first))).toBe('x'.repeat(60));
});

test('the head of a stream is there with the prompt, before the first token', async () => {
  await using http = openHttp({ model: { stepMs: (rows) => (rows > 1 ? 1 : 200) } });
  const response = await send(http, '/v1/completions', completion('hi', { stream: true }));
  expect(response.headers['fireworks-cached-prompt-tokens']).toBe('0');
  expect(response.headers['content-type']).toContain('text/event-stream');
  await readAll(response);
});

test('a slow reader gets the whole answer in fewer chunks, and holds nobody up', async () => {
  await using http = openHttp({ model: { limits: { cellsMax: 8192, contextTokensMax: 8192 } } });
  const text = 'abcdefgh'.repeat(400);
  const asked = completion(text, { stream: true, max_tokens: 4000, logprobs: 5 });
  const slow = await send(http, '/v1/completions', asked);
  slow.pause();
  while (http.engine.status().running > 0) await sleep(5);
  const other = await send(http, '/v1/completions', completion('quick'));
  expect(JSON.parse(await readAll(other)).choices[0].text).toBe('quick');
  const received = await readAll(slow);
  expect(contentOf(received)).toBe(text);
  expect(received.split('\n\n').length).toBeLessThan(text.length);
  expect(received.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('a model that fails in the middle of an answer is an event without [DONE]', async () => {
  const failing: typeof script = (history, logits) => {
    if (history.length > 40) throw new Error('the device is gone');
    script(history, logits);
  };
  await using http = openHttp({ model: { script: failing, stepMs: () => 1 } });
  const prompt = completion('y'.repeat(30), { stream: true });
  const text = await readAll(await send(http, '/v1/completions', prompt));
  const last = JSON.parse(text.trimEnd().split('\n\n').at(-1)!.slice(6));
  expect(last.error).toMatchObject({ object: 'error', type: 'server_error', code: 'INTERNAL_SERVER_ERROR' });
  expect(last.request_id).toBeDefined();
  expect(text).not.toContain('[DONE]');
});

test('a full queue is a status with the time to come again, for streams too', async () => {
  await using http = openHttp({ policy: { queueMax: 0 } });
  for (const stream of [false, true]) {
    const response = await send(http, '/v1/completions', completion('x', { stream }));
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('1');
    expect(JSON.parse(await readAll(response)).error.code).toBe('QUEUE_FULL');
  }
});

test('chunks tell their tokens where it is not one each, if asked to; they add up to the usage', async () => {
  await using http = openHttp({ model: { limits: { cellsMax: 4096, contextTokensMax: 4096 } } });
  const text = `${'abcd'.repeat(100)} 漢字 🌵`;
  const more = { stream: true, n: 2, prediction: text };
  for (const body of [chat(text, more), completion(text, { ...more, echo: true })]) {
    const route = 'prompt' in body ? '/v1/completions' : '/v1/chat/completions';
    const { chunks } = await http.post(route, { ...body, sparkler: { count_chunks: true } });
    const told = chunks.map((chunk) => chunk.sparkler?.chunk_tokens ?? 1);
    const last = chunks.at(-1);
    const counted = told.slice(0, -1).reduce((sum, tokens) => sum + tokens, 0);
    expect(told.slice(0, -1).some((tokens) => tokens > 1)).toBe(true);
    expect(last.usage.completion_tokens - counted).toBeLessThanOrEqual(1);
    expect(counted).toBeLessThanOrEqual(last.usage.completion_tokens);
    const plain = await http.post(route, body);
    expect(plain.chunks.slice(0, -1).some((chunk) => 'sparkler' in chunk)).toBe(false);
  }
});
