import { afterEach, beforeEach, expect, test } from 'vitest';
import { completion, openHttp, type TestHttp } from '../../packages/engine/src/testing/open-http.ts';
import type { OpenRequest } from '../../packages/server/src/inference/open-request.ts';
import { recoverUsage } from '../../packages/server/src/inference/recover-usage.ts';

const times = { pauseMs: 5, patienceMs: 20_000 };

let engine: TestHttp;
let baseUrl: string;

beforeEach(async () => {
  engine = openHttp({ model: { stepMs: () => 5 } });
  baseUrl = await engine.server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => engine[Symbol.asyncDispose]());

function openRequest(requestId: string, change: Partial<OpenRequest> = {}): OpenRequest {
  return {
    requestId,
    account: 'acme',
    user: 'accounts/acme/users/ann',
    apiKeyId: 'k1',
    model: 'accounts/fireworks/models/m',
    deployment: 'accounts/fireworks/deployments/d',
    endpoint: 'completions',
    startTimeMs: 1_700_000_000_000,
    period: '2023-11',
    prices: { prompt: 100, cachedPrompt: 50, completion: 300 },
    dialect: 'native',
    address: { baseUrl },
    ...change,
  };
}

test('what an engine finished is billed as it counted, what it never saw is lost', async () => {
  const body = completion('hello', { sparkler: { request_id: 'done' } });
  const { usage } = (await engine.post('/v1/completions', body)).body;
  const { usage: billed, lost } = await recoverUsage([openRequest('done'), openRequest('never')], times);
  expect(billed).toEqual([
    expect.objectContaining({
      requestId: 'done',
      promptTokens: usage.prompt_tokens,
      completionTokens: usage.completion_tokens,
      costNanos: usage.prompt_tokens * 100 + usage.completion_tokens * 300,
      period: '2023-11',
    }),
  ]);
  // Rows have no place for where it ran and at which price.
  for (const field of ['address', 'dialect', 'prices']) expect(billed[0]).not.toHaveProperty(field);
  expect(lost.map(({ requestId }) => requestId)).toEqual(['never']);
});

test('one whose gateway broke off is waited for, and has what was computed until then', async () => {
  const gone = new AbortController();
  const answer = await fetch(`${baseUrl}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...completion('x'.repeat(1500), { max_tokens: 1500, stream: true }),
      sparkler: { request_id: 'cut' },
    }),
    signal: gone.signal,
  });
  await answer.body!.getReader().read();
  const recovering = recoverUsage([openRequest('cut')], times);
  gone.abort();
  const { usage, lost } = await recovering;
  expect(lost).toEqual([]);
  expect(usage[0]!.promptTokens).toBeGreaterThan(1500);
  expect(usage[0]!.completionTokens).toBeGreaterThan(0);
  expect(usage[0]!.completionTokens).toBeLessThan(1500);
  const metrics = (await engine.server.inject('/metrics')).payload;
  expect(metrics).toContain(`{kind="generated"} ${usage[0]!.completionTokens}\n`);
});

test('an engine that is gone, one that is not ours, and one that never ends it: lost, not waited for', async () => {
  const open = [
    openRequest('gone', { address: { socketPath: '/nowhere/engine.sock' } }),
    openRequest('closed', { address: { baseUrl: 'http://127.0.0.1:1' } }),
    openRequest('vllm', { dialect: 'vllm' }),
  ];
  const { usage, lost } = await recoverUsage(open, times);
  expect([usage, lost]).toEqual([[], open]);
});
