import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Platform, startPlatform } from './start-platform.ts';

/** GET /inference/v1/requests/{id}: every endpoint tells where its time went, and never its text. */

let platform: Platform;
const model = 'smollm2-135m-instruct';
const secret = 'marked-question';

beforeAll(async () => {
  platform = await startPlatform();
}, 120_000);
afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

async function timingsOf(path: string, fields: Record<string, unknown>) {
  const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${platform.baseUrl}/inference/v1/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model, ...fields }),
  });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(text).not.toContain('"sparkler"');
  const id = response.headers.get('x-fireworks-request-id');
  return await vi.waitFor(async () => {
    const found = await fetch(`${platform.baseUrl}/inference/v1/requests/${id}`, { headers });
    expect(found.status).toBe(200);
    const timings = await found.text();
    expect(timings).not.toContain(secret);
    return JSON.parse(timings);
  }, 20_000);
}

const ms = expect.any(Number);
const common = {
  client_request_id: null,
  model: `accounts/fireworks/models/${model}`,
  deployment: expect.stringMatching(/^accounts\/.+\/deployments\//),
  replica: expect.stringMatching(/./),
  adapter: null,
  metadata: null,
  status: 200,
  start_time: expect.stringMatching(/^\d{4}-.*Z$/),
  request_id: expect.stringMatching(/./),
};
const phases = {
  gateway_queue: ms,
  tokenize: ms,
  engine_queue: ms,
  prefill: ms,
  decode: ms,
  sample: ms,
  mask: ms,
};

test.each([
  ['chat', 'chat/completions', { messages: [{ role: 'user', content: secret }], max_tokens: 5 }],
  [
    'chat',
    'chat/completions',
    { messages: [{ role: 'user', content: secret }], max_tokens: 5, stream: true },
  ],
  ['completions', 'completions', { prompt: secret, max_tokens: 5 }],
])(
  '%s: queue, prefill, decode, sampling, masks, cached span, drafts, replica and cost',
  async (endpoint, path, fields) => {
    const timings = await timingsOf(path, { ...fields, temperature: 0, ignore_eos: true });
    expect(timings).toEqual({
      ...common,
      endpoint,
      cost_nanos: timings.cost_nanos === null ? null : ms,
      tokens: { prompt: expect.any(Number), cached_prompt: expect.any(Number), completion: 5 },
      drafts: { proposed: expect.any(Number), accepted: expect.any(Number) },
      timings: { ...phases, engine_first_token: ms, first_byte: ms, total: ms },
    });
    expect(timings.tokens.prompt).toBeGreaterThan(secret.length - 1);
  },
);

test('the span of the prompt that was cached is told', async () => {
  const asked = { prompt: `${secret} ${'again and '.repeat(40)}`, max_tokens: 1, temperature: 0 };
  await timingsOf('completions', asked);
  const { tokens } = await timingsOf('completions', asked);
  expect(tokens.cached_prompt).toBeGreaterThan(100);
  expect(tokens.cached_prompt).toBeLessThan(tokens.prompt);
});

test('guesses of the answer that came true are told', async () => {
  const asked = { messages: [{ role: 'user', content: secret }], max_tokens: 32, temperature: 0 };
  const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${platform.baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model, ...asked, ignore_eos: true }),
  });
  const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
  const { content } = choices[0]!.message;
  const { drafts } = await timingsOf('chat/completions', {
    ...asked,
    ignore_eos: true,
    prediction: { type: 'content', content },
  });
  expect(drafts.accepted).toBeGreaterThan(0);
  expect(drafts.accepted).toBeLessThanOrEqual(drafts.proposed);
});

test('embeddings have the time of reading; what they do not do is zero or null', async () => {
  const timings = await timingsOf('embeddings', { input: ['one', secret] });
  expect(timings).toEqual({
    ...common,
    endpoint: 'embeddings',
    cost_nanos: timings.cost_nanos === null ? null : ms,
    tokens: { prompt: expect.any(Number), cached_prompt: 0, completion: 0 },
    drafts: { proposed: 0, accepted: 0 },
    timings: {
      ...phases,
      decode: 0,
      sample: 0,
      mask: 0,
      engine_first_token: null,
      first_byte: ms,
      total: ms,
    },
  });
});
