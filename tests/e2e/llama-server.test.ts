import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { findLlamaServer, type LlamaServer, startLlamaServer } from './llama-server.ts';
import { type Platform, startPlatform } from './start-platform.ts';
import { findRealModel, realModel as model } from './start-real-model.ts';

/**
 * A whole server before llama.cpp's own llama-server with SmolLM2, named in SPARKLER_REMOTE_ENGINES: keys,
 * usage and errors of ours, answers of a server that nobody here wrote.
 */

const fullName = `accounts/fireworks/models/${model}`;
let folder: string;
let engine: LlamaServer | null = null;
let platform: Platform | null = null;
let missing: string | null = null;

beforeAll(async () => {
  const program = findLlamaServer();
  if (program === null) missing = 'no llama-server: set SPARKLER_LLAMA_SERVER, or run the engine benchmark';
  const modelPath = program === null ? null : await findRealModel();
  if (modelPath !== null && 'reason' in modelPath) missing = modelPath.reason;
  if (program === null || modelPath === null || 'reason' in modelPath) return;
  engine = await startLlamaServer(program, modelPath.path);
  folder = await mkdtemp(join(tmpdir(), 'sparkler-llama-server-'));
  const file = join(folder, 'engines.json');
  const entry = { model, url: engine.url, dialect: 'llama-server' };
  await writeFile(file, JSON.stringify({ engines: [entry] }));
  // Its own engine has the scripted model, so that an answer of SmolLM2 can only be the other server's.
  platform = await startPlatform({ SPARKLER_REMOTE_ENGINES: file });
}, 600_000);

beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});

afterAll(async () => {
  await platform?.stop();
  await platform?.remove();
  await engine?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const messages = [
  { role: 'system' as const, content: 'You are a helpful assistant.' },
  { role: 'user' as const, content: 'What is the capital of France?' },
];
const asked = { model, messages, temperature: 0, max_tokens: 32 };

interface Timings {
  readonly status: number;
  readonly deployment: string;
  readonly tokens: { readonly prompt: number; readonly completion: number };
  readonly timings: { readonly total: number; readonly first_byte: number | null };
}

async function timingsOf(response: Response): Promise<Timings> {
  const id = response.headers.get('x-fireworks-request-id');
  return await vi.waitFor(async () => {
    const found = await fetch(`${platform!.baseUrl}/inference/v1/requests/${id}`, {
      headers: { authorization: `Bearer ${platform!.apiKey}` },
    });
    expect(found.status).toBe(200);
    return (await found.json()) as Timings;
  }, 10_000);
}

test('a chat is answered by the other server, under our name of the model, and metered', async () => {
  const { openai } = platform!;
  const { data, response } = await openai.chat.completions.create(asked).withResponse();
  expect(data.choices[0]!.message.content).toContain('Paris');
  expect(data.choices[0]!.finish_reason).toBe('stop');
  // It calls the model by the path of its file.
  expect(data.model).toBe(fullName);
  expect(JSON.stringify(data)).not.toContain('.gguf');
  const { prompt_tokens: prompt, completion_tokens: completion } = data.usage!;
  expect(prompt).toBeGreaterThan(10);
  expect(await timingsOf(response)).toMatchObject({
    status: 200,
    deployment: `accounts/fireworks/deployments/${model}-remote`,
    tokens: { prompt, completion },
  });
});

test('the same streamed, role first, usage last, under our name of the model', async () => {
  const whole = await platform!.openai.chat.completions.create(asked);
  const sent = platform!.openai.chat.completions.create({ ...asked, stream: true });
  const { data, response } = await sent.withResponse();
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of data) chunks.push(chunk);
  expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
    whole.choices[0]!.message.content,
  );
  expect(new Set(chunks.map((chunk) => chunk.model))).toEqual(new Set([fullName]));
  expect(chunks.at(-1)!.usage).toMatchObject({ completion_tokens: whole.usage!.completion_tokens });
  const { tokens } = await timingsOf(response);
  expect(tokens.completion).toBe(whole.usage!.completion_tokens);
});

test('completions, a prompt as token ids too', async () => {
  const { openai } = platform!;
  const text = await openai.completions.create({ model, prompt: 'One two', max_tokens: 3, temperature: 0 });
  expect(text.usage).toMatchObject({ completion_tokens: 3 });
  const ids = await openai.completions.create({ model, prompt: [1, 2, 3], max_tokens: 2, temperature: 0 });
  expect(ids.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 2 });
});

test('a schema in the form of this API holds there too, and so does a grammar', async () => {
  const schema = {
    type: 'object',
    properties: { blue: { type: 'boolean' } },
    required: ['blue'],
    additionalProperties: false,
  };
  const ask = async (response_format: unknown) => {
    const all = { ...asked, max_tokens: 64, response_format } as unknown as typeof asked;
    return (await platform!.openai.chat.completions.create(all)).choices[0]!.message.content!;
  };
  expect(JSON.parse(await ask({ type: 'json_object', schema }))).toEqual({ blue: expect.any(Boolean) });
  expect(await ask({ type: 'grammar', grammar: 'root ::= "yes" | "no"' })).toMatch(/^(yes|no)$/);
});

test('log probabilities come in the form that the server has; the other form is refused with it', async () => {
  const { openai } = platform!;
  const chat = { ...asked, max_tokens: 3, logprobs: true, top_logprobs: 2 };
  const { content } = (await openai.chat.completions.create(chat)).choices[0]!.logprobs!;
  expect(content).toHaveLength(3);
  for (const { token, logprob, top_logprobs } of content!) {
    expect(logprob).toBeLessThanOrEqual(0);
    expect(top_logprobs).toHaveLength(2);
    expect(top_logprobs[0]!.token).toBe(token);
  }
  const completion = { model, prompt: 'One two', max_tokens: 3, temperature: 0 };
  const objects = { ...completion, logprobs: true, top_logprobs: 2 };
  const answer = await openai.completions.create(objects as never as typeof completion);
  const found = answer.choices[0]!.logprobs as unknown as { content: { top_logprobs: unknown[] }[] };
  expect(found.content.map((entry) => entry.top_logprobs.length)).toEqual([2, 2, 2]);
  await expect(openai.completions.create({ ...completion, logprobs: 2 })).rejects.toMatchObject({
    status: 400,
    param: 'logprobs',
    message: expect.stringContaining('"top_logprobs": 2 instead'),
  });
});

test.each([
  ['tools', { tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }] }],
  ['n', { n: 2 }],
  ['raw_output', { raw_output: true }],
  ['prompt_cache_isolation_key', { prompt_cache_isolation_key: 'k' }],
])('%s is refused by name: that server would leave it out or count it wrong', async (param, fields) => {
  const wrong = platform!.openai.chat.completions.create({ ...asked, ...fields } as typeof asked);
  await expect(wrong).rejects.toMatchObject({ status: 400, param });
});

test('what it refuses itself keeps its words and is the fault of the caller', async () => {
  const long = [{ role: 'user' as const, content: 'word '.repeat(6_000) }];
  const wrong = platform!.openai.chat.completions.create({ ...asked, messages: long });
  await expect(wrong).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/exceeds the available context size/),
  });
});

test('breaking off stops the other server, and what was generated is metered', async () => {
  const endless = { ...asked, max_tokens: 2000, ignore_eos: true };
  const sent = platform!.openai.chat.completions.create({ ...endless, stream: true });
  const { data, response } = await sent.withResponse();
  for await (const _chunk of data) break;
  const { status, tokens } = await timingsOf(response);
  expect(status).toBe(499);
  expect(tokens.completion).toBeLessThan(2000);
  // Both of its slots are free: two requests at once are answered.
  const two = [1, 2].map(() => platform!.openai.chat.completions.create({ ...asked, max_tokens: 2 }));
  for (const answer of await Promise.all(two)) expect(answer.usage!.completion_tokens).toBe(2);
});

test('while it is away callers get 503 with Retry-After, and nothing is metered', async () => {
  await engine!.stop();
  const wrong = platform!.openai.chat.completions.create(asked);
  await expect(wrong).rejects.toBeInstanceOf(OpenAI.InternalServerError);
  const error = (await wrong.catch((reason: unknown) => reason)) as InstanceType<typeof OpenAI.APIError>;
  expect(error.status).toBe(503);
  expect(Number(error.headers!.get('retry-after'))).toBeGreaterThan(0);
  const id = error.headers!.get('x-fireworks-request-id');
  const found = await fetch(`${platform!.baseUrl}/inference/v1/requests/${id}`, {
    headers: { authorization: `Bearer ${platform!.apiKey}` },
  });
  expect(found.status).toBe(404);
});
