import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChatCompletionRequest, CompletionRequest, EmbeddingRequest } from '@sparkler/api';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SpawnedEngine, spawnEngine } from '../../packages/engine/src/testing/spawn-engine.ts';
import {
  aliceKey,
  createTestbed,
  listen,
  tinySnapshot,
} from '../../packages/server/src/inference/testbed/testbed.ts';
import { type Ask, type Checks, chatFields, completionFields, embeddingFields } from './field-checks.ts';

/**
 * Every field of the reference, through the gateway and a real engine process: each is seen to do what it
 * says, or is refused by its name. A field without a check fails here.
 */

const template =
  '{# <think> #}' +
  "{% if tools %}{{ '<|im_start|>system\\n' + (tools | tojson) + '<|im_end|>\\n' }}{% endif %}" +
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}" +
  "{% if m.reasoning_content %}{{ '<think>' + m.reasoning_content + '</think>' }}{% endif %}" +
  "{{ (m.content or '') + '<|im_end|>\\n' }}{% endfor %}{{ '<|im_start|>assistant\\n' }}";

let folder: string;
let engine: SpawnedEngine;
let server: Awaited<ReturnType<typeof listen>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-fields-'));
  const socket = join(folder, 'engine.sock');
  const templateFile = join(folder, 'template.jinja');
  await writeFile(templateFile, template);
  const script = new URL('./letters-script.ts', import.meta.url).pathname;
  engine = await spawnEngine(['--socket', socket, '--script', script, '--chat-template', templateFile]);
});
afterAll(async () => {
  await engine?.stop();
  await rm(folder, { recursive: true, force: true });
});
// A gateway for each test: rate limits of one do not reach the next.
beforeEach(async () => {
  const testbed = createTestbed();
  // The same engine twice, so that steering to a replica shows.
  const socket = join(folder, 'engine.sock');
  testbed.route(tinySnapshot([socket, socket, socket, socket]));
  server = await listen(testbed);
  return () => server.close();
});

async function call(path: string, init: RequestInit): Promise<Response> {
  const headers = { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json' };
  return await fetch(`${server.baseUrl}/inference/v1${path}`, { ...init, headers });
}

function askAt(path: string, base: object): Ask {
  return async (fields = {}) => {
    const body = JSON.stringify({ model: 'tiny', ...base, ...fields });
    const response = await call(path, { method: 'POST', body });
    const text = await response.text();
    const id = response.headers.get('x-fireworks-request-id') ?? '';
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isStream ? null : JSON.parse(text),
      timings: async () => (await call(`/requests/${id}`, {})).json(),
    };
  };
}

const endpoints = [
  {
    path: '/chat/completions',
    schema: ChatCompletionRequest,
    base: { messages: [{ role: 'user', content: 'Hi.' }], max_tokens: 20, temperature: 0 },
    checks: chatFields,
  },
  {
    path: '/completions',
    schema: CompletionRequest,
    base: { prompt: 'Say: ', max_tokens: 20, temperature: 0 },
    checks: completionFields,
  },
  { path: '/embeddings', schema: EmbeddingRequest, base: { input: 'Hi.' }, checks: embeddingFields },
] as const;

describe.each(endpoints)('POST $path', ({ path, schema, base, checks }) => {
  const all: Checks = checks;

  test('has a check of every field of the reference', () => {
    const named = new Set(Object.keys(all).map((name) => name.split(' ')[0]));
    expect(Object.keys(schema.properties).filter((field) => !named.has(field))).toEqual([]);
  });

  test.each(Object.keys(all))('%s', async (name) => {
    await all[name]!(askAt(path, base));
  });

  test('a field that nobody knows is refused by its name', async () => {
    const { status, body } = await askAt(path, base)({ temprature: 1 });
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ param: 'temprature' });
  });
});
