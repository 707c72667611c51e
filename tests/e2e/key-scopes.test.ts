import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Platform, startPlatform } from './start-platform.ts';

/** API keys over a whole server: what limited ones may query, and when a key was used last. */

let platform: Platform;
const model = 'smollm2-135m-instruct';
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are compared as they came
  readonly body: any;
}

async function call(method: string, path: string, key: string, body?: unknown): Promise<Reply> {
  const response = await fetch(platform.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

async function makeKey(limits: object): Promise<{ readonly key: string; readonly keyId: string }> {
  const made = await call('POST', '/v1/accounts/local/apiKeys', platform.apiKey, { apiKey: limits });
  expect(made.status).toBe(200);
  return made.body;
}

const ask = (key: string, wanted: string) =>
  call('POST', '/inference/v1/completions', key, { model: wanted, prompt: 'hello', max_tokens: 2 });

async function listModels(key: string): Promise<string[]> {
  const { body } = await call('GET', '/inference/v1/models', key);
  return body.data.map(({ id }: { id: string }) => id);
}

test('a key is kept to its models, its deployments, or to reading', async () => {
  const name = `accounts/fireworks/models/${model}`;
  // Where the shared deployment of the default model is called so by the server's start.
  const deployment = `accounts/fireworks/deployments/${model}`;
  const cases = [
    { limits: { models: [name] }, allowed: true },
    { limits: { models: ['another-model'] }, allowed: false },
    { limits: { deployments: [deployment] }, allowed: true },
    { limits: { deployments: ['another-deployment'] }, allowed: false },
    { limits: { models: [name], deployments: ['another-deployment'] }, allowed: false },
    { limits: { readOnly: true }, allowed: false },
    { limits: { readOnly: true, models: [name] }, allowed: false },
  ];
  for (const { limits, allowed } of cases) {
    const { key } = await makeKey(limits);
    const { status } = await ask(key, model);
    expect([limits, status]).toEqual([limits, allowed ? 200 : 403]);
    expect((await call('GET', '/v1/accounts/local/apiKeys', key)).status).toBe(200);
    expect((await call('POST', '/v1/accounts/local/apiKeys', key, { apiKey: {} })).status).toBe(403);
  }
  const { key } = await makeKey({ models: ['another-model'] });
  expect(await listModels(platform.apiKey)).toContain(name);
  expect(await listModels(key)).not.toContain(name);
});

test('the time of the last use is noted, whichever API it was on', async () => {
  const [used, unused] = [await makeKey({ displayName: 'used' }), await makeKey({ displayName: 'unused' })];
  const beganMs = Date.now();
  expect((await ask(used.key, model)).status).toBe(200);
  const readUse = async (keyId: string): Promise<string | null> => {
    const { body } = await call('GET', `/v1/accounts/local/apiKeys?filter=keyId="${keyId}"`, platform.apiKey);
    return body.apiKeys[0].lastUseTime;
  };
  await vi.waitFor(async () => expect(await readUse(used.keyId)).not.toBeNull(), {
    timeout: 120_000,
    interval: 500,
  });
  expect(Date.parse((await readUse(used.keyId)) ?? '')).toBeGreaterThanOrEqual(beganMs - 1);
  expect(await readUse(unused.keyId)).toBeNull();
}, 150_000);
