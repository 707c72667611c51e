import type { FastifyInstance, InjectOptions } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answerText, startTestReplica, type TestReplica } from '../inference/testbed/test-replica.ts';
import {
  aliceKey,
  createTestbed,
  deployedModel,
  deployment,
  model,
  snapshotOf,
  type Testbed,
} from '../inference/testbed/testbed.ts';
import { createApp } from './app.ts';

/** Every row of the spec's table "Inference errors" that a request can provoke, provoked. */

let testbed: Testbed;
let app: FastifyInstance;
let replica: TestReplica;

const tiny = 'accounts/fireworks/models/tiny';
const pool = 'accounts/fireworks/deployments/pool';

beforeEach(async () => {
  replica = await startTestReplica(answerText('hello'));
  testbed = createTestbed({ bodyBytesMax: 4096 });
  const replicas = [{ id: 'r', address: { socketPath: replica.socketPath }, state: 'ready' as const }];
  testbed.route(
    snapshotOf({
      models: [
        model(tiny),
        model('accounts/fireworks/models/raw', { supportsChat: false }),
        model('accounts/fireworks/models/embed', { kind: 'EMBEDDING_MODEL', supportsChat: false }),
      ],
      deployments: [
        deployment(pool, tiny, { replicas }),
        deployment('accounts/fireworks/deployments/down', tiny),
        deployment('accounts/fireworks/deployments/odd', tiny, { replicas, dialect: 'martian' }),
      ],
      deployedModels: [
        deployedModel('accounts/fireworks/deployedModels/1', tiny, pool),
        deployedModel('accounts/fireworks/deployedModels/2', 'accounts/fireworks/models/raw', pool),
        deployedModel('accounts/fireworks/deployedModels/3', 'accounts/fireworks/models/embed', pool),
        deployedModel('accounts/fireworks/deployedModels/4', 'accounts/fireworks/models/bad-lora', pool, {
          adapter: 'bad@1',
          state: 'failed',
          reason: 'its rank is 512, this deployment takes at most 64',
        }),
        deployedModel(
          'accounts/fireworks/deployedModels/5',
          'accounts/fireworks/models/down',
          'accounts/fireworks/deployments/down',
        ),
        deployedModel(
          'accounts/fireworks/deployedModels/6',
          'accounts/fireworks/models/odd',
          'accounts/fireworks/deployments/odd',
        ),
      ],
    }),
  );
  app = createApp(testbed.context);
});

afterEach(async () => {
  await app.close();
  await replica.kill();
});

const key = { authorization: `Bearer ${aliceKey}` };
const messages = [{ role: 'user', content: 'hi' }];

function post(fields: unknown, options: InjectOptions = {}): InjectOptions {
  const payload = JSON.stringify(fields);
  const headers = { ...key, 'content-type': 'application/json', ...options.headers };
  return { method: 'POST', url: '/inference/v1/chat/completions', payload, ...options, headers };
}

interface Row {
  readonly what: string;
  readonly status: number;
  readonly code: string;
  readonly message: RegExp;
  readonly param?: string;
  readonly request: InjectOptions;
}

const rows: Row[] = [
  {
    what: 'malformed JSON',
    status: 400,
    code: 'BAD_REQUEST',
    message: /not valid JSON: .*position 16/,
    request: { ...post({}), payload: '{"model": "tiny"' },
  },
  {
    what: 'a body that is not JSON by its content-type',
    status: 400,
    code: 'BAD_REQUEST',
    message: /content-type "text\/csv"; send JSON/,
    request: post({}, { headers: { 'content-type': 'text/csv' } }),
  },
  {
    what: 'a compressed body',
    status: 400,
    code: 'BAD_REQUEST',
    message: /content-encoding "gzip"; send it uncompressed/,
    request: post({}, { headers: { 'content-encoding': 'gzip' } }),
  },
  {
    what: 'bytes that are not UTF-8',
    status: 400,
    code: 'BAD_REQUEST',
    message: /not valid UTF-8/,
    request: { ...post({}), payload: Buffer.from([0x7b, 0xff, 0x7d]) },
  },
  {
    what: 'no body',
    status: 400,
    code: 'BAD_REQUEST',
    message: /no body; send a JSON object/,
    request: { method: 'POST', url: '/inference/v1/chat/completions', headers: key },
  },
  {
    what: 'a wrong type',
    status: 400,
    code: 'BAD_REQUEST',
    message: /temperature/,
    param: 'temperature',
    request: post({ model: 'tiny', messages, temperature: 'hot' }),
  },
  {
    what: 'an unknown field',
    status: 400,
    code: 'BAD_REQUEST',
    message: /temprature/,
    param: 'temprature',
    request: post({ model: 'tiny', messages, temprature: 1 }),
  },
  {
    what: "the gateway's own field",
    status: 400,
    code: 'BAD_REQUEST',
    message: /sparkler/,
    param: 'sparkler',
    request: post({ model: 'tiny', messages, sparkler: { tenant: 'bob' } }),
  },
  {
    what: 'a wrong field deep inside',
    status: 400,
    code: 'BAD_REQUEST',
    message: /messages\[1\]/,
    param: 'messages[1].role',
    request: post({ model: 'tiny', messages: [...messages, { role: 'robot', content: 'x' }] }),
  },
  {
    what: 'chat with a model that has no chat template',
    status: 400,
    code: 'BAD_REQUEST',
    message: /no chat template; use \/completions/,
    param: 'model',
    request: post({ model: 'raw', messages }),
  },
  {
    what: 'chat with an embedding model',
    status: 400,
    code: 'BAD_REQUEST',
    message: /embedding model; use \/embeddings/,
    param: 'model',
    request: post({ model: 'embed', messages }),
  },
  {
    what: 'no key',
    status: 401,
    code: 'UNAUTHORIZED',
    message: /no API key was sent/,
    request: { method: 'POST', url: '/inference/v1/chat/completions' },
  },
  {
    what: 'a wrong key',
    status: 401,
    code: 'UNAUTHORIZED',
    message: /invalid, expired or deleted/,
    request: post({}, { headers: { authorization: 'Bearer nonsense' } }),
  },
  {
    what: 'a key in another scheme',
    status: 401,
    code: 'UNAUTHORIZED',
    message: /Authorization: Bearer/,
    request: post({}, { headers: { authorization: 'Basic abc' } }),
  },
  {
    what: 'an unknown model',
    status: 403,
    code: 'FORBIDDEN',
    message: /does not exist, is not deployed, or is not open/,
    param: 'model',
    request: post({ model: 'nothing', messages }),
  },
  {
    what: 'a wrong path',
    status: 404,
    code: 'NOT_FOUND',
    message: /no \/v1\/foobar/,
    request: { method: 'POST', url: '/v1/foobar', headers: key },
  },
  {
    what: 'a wrong method',
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    message: /use POST/,
    request: { method: 'GET', url: '/inference/v1/chat/completions', headers: key },
  },
  {
    what: 'an adapter that failed to load',
    status: 412,
    code: 'PRECONDITION_FAILED',
    message: /rank is 512/,
    param: 'model',
    request: post({ model: 'bad-lora', messages }),
  },
  {
    what: 'a body too large',
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    message: /larger than 4096 bytes/,
    request: post({ model: 'tiny', messages: [{ role: 'user', content: 'x'.repeat(5000) }] }),
  },
  {
    what: 'a bug of ours (a deployment with a dialect that does not exist)',
    status: 500,
    code: 'INTERNAL_SERVER_ERROR',
    message: /look for the request id in the server log/,
    request: post({ model: 'odd', messages }),
  },
  {
    what: 'a deployment whose replicas are down',
    status: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: /no replica .* is up/,
    request: post({ model: 'down', messages }),
  },
];

test.each(rows)('$what is a $status', async ({ status, code, message, param, request }) => {
  const response = await app.inject(request);
  expect(response.statusCode).toBe(status);
  const body = response.json();
  expect(body).toEqual({
    error: {
      message: expect.any(String),
      type: expect.any(String),
      code,
      param: param ?? null,
      object: 'error',
    },
    request_id: response.headers['x-request-id'],
  });
  expect(body.error.message).toMatch(message);
  if (status === 405) expect(response.headers.allow).toBe('POST');
  if (status === 503) expect(response.headers['retry-after']).toBe('2');
});

test('a bug is logged with its request id and without the body', async () => {
  const secret = 'the-marked-prompt';
  const response = await app.inject(post({ model: 'odd', messages: [{ role: 'user', content: secret }] }));
  const lines = testbed.logLines.join('\n');
  expect(lines).toContain(response.headers['x-request-id']);
  expect(lines).toContain('martian');
  expect(lines).not.toContain(secret);
});

test('bodies made to break parsers are refused like any other wrong body', async () => {
  const fields = '"model":"tiny","messages":[{"role":"user","content":"hi"}]';
  const deep = `${'['.repeat(1900)}${']'.repeat(1900)}`;
  const bodies = [
    `{${fields},"__proto__":{"stream":true}}`,
    `{${fields},"constructor":{"prototype":{}}}`,
    `{"model":"tiny","messages":${deep}}`,
    `{${fields},"tools":[{"type":"function","function":{"name":"f","parameters":{"x":${deep}}}}]}`,
    `{${fields},"metadata":${deep}}`,
    deep,
    '"text"',
    'null',
    '[]',
  ];
  for (const payload of bodies) {
    const response = await app.inject({ ...post({}), payload });
    expect([response.statusCode, payload.slice(0, 80)]).toEqual([400, payload.slice(0, 80)]);
  }
  expect(testbed.usage).toEqual([]);
  expect(({} as Record<string, unknown>).stream).toBeUndefined();
});

test('a bare x-api-key works like a bearer token', async () => {
  const { authorization: _, ...rest } = key;
  const request = post({ model: 'tiny', messages });
  const headers = { ...rest, 'content-type': 'application/json', 'x-api-key': aliceKey };
  expect((await app.inject({ ...request, headers })).statusCode).toBe(200);
});

test('control-plane paths fail in the shape of the control plane', async () => {
  const response = await app.inject({ method: 'GET', url: '/v1/accounts/alice/nothing', headers: key });
  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({
    code: 5,
    message: expect.stringMatching(/no \/v1\/accounts/),
    details: [],
  });
});

test('a URL that cannot be decoded is a 400 with the usual body', async () => {
  const response = await app.inject({ method: 'GET', url: '/inference/v1/models/%ff', headers: key });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ error: { code: 'BAD_REQUEST' } });
  expect(response.headers['x-request-id']).toBeDefined();
});

test('an ill-formed x-request-id is replaced by one of ours', async () => {
  const headers = { 'x-request-id': 'short' };
  const response = await app.inject({ method: 'GET', url: '/healthz', headers });
  expect(response.headers['x-request-id']).toBe('request-1');
});
