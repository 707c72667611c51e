import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import {
  aliceKey,
  bobKey,
  createTestbed,
  deployedModel,
  deployment,
  model,
  snapshotOf,
  type Testbed,
} from '../inference/testbed/testbed.ts';
import { createApp } from './app.ts';
import type { GatewaySettings } from './context.ts';

let app: FastifyInstance;
let testbed: Testbed;

function start(
  settings: Partial<GatewaySettings> = {},
  context: Partial<Testbed['context']> = {},
): FastifyInstance {
  testbed = createTestbed(settings);
  app = createApp({ ...testbed.context, ...context });
  return app;
}

afterEach(() => app.close());

test('a good key is verified with its account in a header', async () => {
  const response = await start().inject({
    url: '/verifyApiKey',
    headers: { authorization: `Bearer ${bobKey}` },
  });
  expect(response.statusCode).toBe(200);
  expect(response.headers['x-fireworks-account-id']).toBe('bob');
  expect(response.headers['x-fireworks-user-id']).toMatch(/^[a-z0-9-]+$/);
});

test('a bad key fails verification with 401', async () => {
  const response = await start().inject({ url: '/verifyApiKey', headers: { authorization: 'Bearer no' } });
  expect(response.statusCode).toBe(401);
  expect(response.headers['x-fireworks-account-id']).toBeUndefined();
});

test('health, readiness and metrics need no key', async () => {
  start();
  expect((await app.inject('/healthz')).json()).toMatchObject({ status: 'ok' });
  expect((await app.inject('/readyz')).statusCode).toBe(200);
  const metrics = await app.inject('/metrics');
  expect(metrics.headers['content-type']).toContain('text/plain');
  expect(metrics.body).toContain('sparkler_inference_running 0');
});

test('the API describes itself, for programs and for people', async () => {
  start();
  const document = (await app.inject('/openapi.json')).json();
  expect(document.openapi).toBe('3.1.0');
  expect(document.paths).toHaveProperty(['/inference/v1/chat/completions', 'post']);
  const page = await app.inject('/docs');
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-security-policy']).toMatch(/default-src 'none'/);
  expect(page.body).toContain('/inference/v1/chat/completions');
});

test('readiness says what is missing', async () => {
  start({}, { isReady: () => ({ ready: false, reason: 'no routing snapshot yet' }) });
  const response = await app.inject('/readyz');
  expect(response.statusCode).toBe(503);
  expect(response.json()).toEqual({ status: 'not ready', reason: 'no routing snapshot yet' });
});

test('each key lists and sees the models it may query, under both base paths', async () => {
  start();
  const on = 'accounts/fireworks/deployments/pool';
  testbed.route(
    snapshotOf({
      models: [
        model('accounts/fireworks/models/tiny', { createTimeMs: 5000 }),
        model('accounts/alice/models/tuned', { createTimeMs: 9000, kind: 'HF_PEFT_ADDON' }),
      ],
      deployments: [deployment(on, 'accounts/fireworks/models/tiny')],
      deployedModels: [
        deployedModel('accounts/fireworks/deployedModels/1', 'accounts/fireworks/models/tiny', on),
        deployedModel('accounts/alice/deployedModels/2', 'accounts/alice/models/tuned', on, {
          public: false,
        }),
      ],
    }),
  );
  const list = async (key: string, base: string) => {
    const response = await app.inject({ url: `${base}/models`, headers: { authorization: `Bearer ${key}` } });
    return response.json().data.map((entry: { id: string }) => entry.id);
  };
  const all = ['accounts/alice/models/tuned', 'accounts/fireworks/models/tiny'];
  expect(await list(aliceKey, '/inference/v1')).toEqual(all);
  expect(await list(aliceKey, '/v1')).toEqual(all);
  expect(await list(bobKey, '/inference/v1')).toEqual(['accounts/fireworks/models/tiny']);
  const headers = { authorization: `Bearer ${aliceKey}` };
  const one = await app.inject({ url: '/inference/v1/models/accounts/alice/models/tuned', headers });
  expect(one.json()).toMatchObject({ object: 'model', created: 9, owned_by: 'alice', kind: 'HF_PEFT_ADDON' });
});

/** Writes raw bytes to a listening app and reads until the server closes. */
async function talk(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

async function portOf(): Promise<number> {
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  return Number(new URL(address).port);
}

test('bytes that are no HTTP get a 400 in the usual shape', async () => {
  start();
  const text = await talk(await portOf(), 'HELLO\r\n\r\n');
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ error: { code: 'BAD_REQUEST' } });
});

test('headers too large are a 413', async () => {
  start();
  const text = await talk(await portOf(), `GET / HTTP/1.1\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
});

test('clients that send their request too slowly are told 408 and cut off, all of them', async () => {
  start({ headersTimeoutMs: 200, requestReceiveTimeoutMs: 300 });
  const port = await portOf();
  const head =
    'POST /inference/v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  const slowHeaders = Array.from({ length: 100 }, () => talk(port, 'GET /healthz HTTP/1.1\r\nhost: x\r\n'));
  const slowBodies = Array.from({ length: 100 }, () =>
    talk(port, `${head}authorization: Bearer ${aliceKey}\r\ncontent-length: 1000\r\n\r\n{`),
  );
  for (const text of await Promise.all([...slowHeaders, ...slowBodies])) {
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
  }
});

test('connections above the cap are closed at once, the others go on', async () => {
  start({ connectionsMax: 2 });
  const port = await portOf();
  const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  await expect(talk(port, '').catch((error: NodeJS.ErrnoException) => error.code)).resolves.toMatch(
    /^$|ECONNRESET/,
  );
  held[0]!.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
  const answer = await new Promise((resolve) => held[0]!.once('data', resolve));
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  for (const socket of held) socket.destroy();
});
