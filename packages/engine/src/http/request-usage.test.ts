import { expect, test, vi } from 'vitest';
import { completion, openHttp } from '../testing/open-http.ts';
import { createRequestUsage } from './request-usage.ts';

test('an ended request can be asked for by its id, with the counts that its answer had', async () => {
  await using http = openHttp();
  const several = { ...completion('hello'), prompt: ['SAY one\u001e', 'SAY two\u001e'], n: 2 };
  const answer = await http.post('/v1/completions', { ...several, sparkler: { request_id: 'r1' } });
  const { usage } = answer.body;
  const told = await http.post('/v1/request_usage', { request_ids: ['r1', 'never'] });
  expect(told.body.data).toEqual([
    {
      request_id: 'r1',
      state: 'finish',
      prompt_tokens: usage.prompt_tokens,
      cached_tokens: usage.prompt_tokens_details.cached_tokens,
      generated_tokens: usage.completion_tokens,
      duration_ms: expect.any(Number),
    },
  ]);
  const embedded = { model: 'test', input: 'words', sparkler: { request_id: 'e1' } };
  const vectors = await http.post('/v1/embeddings', embedded);
  const read = await http.post('/v1/request_usage', { request_ids: ['e1'] });
  expect(read.body.data).toMatchObject([
    { state: 'finish', prompt_tokens: vectors.body.usage.prompt_tokens, generated_tokens: 0 },
  ]);
});

test('one that is left is running first and aborted then, and has what was computed', async () => {
  // Slow enough that the answer can not be over before its caller is gone.
  await using http = openHttp({ model: { stepMs: () => 10 } });
  const address = await http.server.listen({ port: 0, host: '127.0.0.1' });
  const gone = new AbortController();
  const fields = { ...completion('x'.repeat(2000)), max_tokens: 2000, stream: true };
  const body = JSON.stringify({ ...fields, sparkler: { request_id: 'left' } });
  const answer = await fetch(`${address}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    signal: gone.signal,
  });
  await answer.body!.getReader().read();
  gone.abort();
  await vi.waitFor(async () => {
    const told = await http.post('/v1/request_usage', { request_ids: ['left'] });
    expect(told.body.data[0].state).toBe('aborted');
    expect(told.body.data[0].prompt_tokens).toBeGreaterThan(0);
    expect(told.body.data[0].generated_tokens).toBeGreaterThan(0);
  });
});

test('the oldest ended ones are forgotten, running ones never', async () => {
  const usage = createRequestUsage(2);
  usage.begin('running', ['running.1']);
  for (const id of ['a', 'b', 'c']) await usage.track({ id, note: null }, 1, async () => undefined);
  expect(['running', 'a', 'b', 'c'].map((id) => usage.find(id)?.state ?? null)).toEqual([
    'running',
    null,
    'finish',
    'finish',
  ]);
  await expect(
    usage.track({ id: 'd', note: null }, 1, () => Promise.reject(new Error('no'))),
  ).rejects.toThrow('no');
  expect(usage.find('d')?.state).toBe('error');
});

test('what a gateway said of its bills comes back with the counts, and by the gateway', async () => {
  await using http = openHttp({ model: {} });
  const address = await http.server.listen({ port: 0, host: '127.0.0.1' });
  const ask = (path: string, id: string, fields: object, headers: Record<string, string>) =>
    fetch(`${address}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ ...fields, sparkler: { request_id: id } }),
    }).then((response) => response.text());
  const of = (gateway: string, bill: string) => ({ 'sparkler-gateway': gateway, 'sparkler-bill': bill });
  await ask('/v1/completions', 'a', completion('hello'), of('g1', '{"a":1}'));
  await ask('/v1/embeddings', 'b', { model: 'test', input: 'words' }, of('g1', 'b'));
  await ask('/v1/completions', 'c', completion('hello'), of('g2', 'c'));
  await ask('/v1/completions', 'd', completion('hello'), of('g1', 'x'.repeat(5_000)));
  const known = await http.post('/v1/requests_of_gateway', { gateway: 'g1' });
  expect(known.body).toEqual({ request_ids: ['a', 'b'] });
  const told = await http.post('/v1/request_usage', { request_ids: ['a', 'd'] });
  expect(told.body.data[0]).toMatchObject({ request_id: 'a', gateway: 'g1', bill: '{"a":1}' });
  expect(told.body.data[1]).not.toHaveProperty('bill');
});
