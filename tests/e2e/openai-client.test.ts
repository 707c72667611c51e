import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Platform, startPlatform } from './start-platform.ts';

/** The stock `openai` client against a whole server; the engine runs the scripted model. */

let platform: Platform;
const model = 'smollm2-135m-instruct';
const messages = [{ role: 'user' as const, content: 'Say something' }];

beforeAll(async () => {
  platform = await startPlatform();
});

afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

interface Timings {
  readonly status: number;
  readonly tokens: { readonly completion: number };
}

/** Timings of a finished request, when it is there. */
async function timingsOf(requestId: string): Promise<Timings> {
  const response = await fetch(`${platform.baseUrl}/inference/v1/requests/${requestId}`, {
    headers: { authorization: `Bearer ${platform.apiKey}` },
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Timings;
}

test('chat completions', async () => {
  const answer = await platform.openai.chat.completions.create({
    model,
    messages,
    max_tokens: 8,
    temperature: 0,
  });
  expect(answer.object).toBe('chat.completion');
  expect(answer.model).toBe(`accounts/fireworks/models/${model}`);
  expect(answer.choices[0]!.message.role).toBe('assistant');
  expect(answer.choices[0]!.finish_reason).toBe('length');
  expect(answer.usage!.completion_tokens).toBe(8);
  expect(answer._request_id).toBeTruthy();
});

test('the same question streamed has the same text, the role first and usage last', async () => {
  const fixed = { model, messages, max_tokens: 16, temperature: 0 };
  const whole = await platform.openai.chat.completions.create(fixed);
  const stream = await platform.openai.chat.completions.create({ ...fixed, stream: true });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  expect(text).toBe(whole.choices[0]!.message.content);
  expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
  expect(chunks.at(-1)!.usage).toMatchObject({ completion_tokens: 16 });
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
});

test('completions, whole and streamed', async () => {
  const fixed = { model, prompt: 'Once upon a time', max_tokens: 8, temperature: 0 };
  const whole = await platform.openai.completions.create(fixed);
  const stream = await platform.openai.completions.create({ ...fixed, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
  expect(text).toBe(whole.choices[0]!.text);
});

test('embeddings, as numbers and packed, of one text and of several', async () => {
  const { openai } = platform;
  const numbers = await openai.embeddings.create({ model, input: ['one', 'two'], encoding_format: 'float' });
  expect(numbers.data.map((entry) => entry.index)).toEqual([0, 1]);
  // The client asks for base64 by itself and unpacks it.
  const packed = await openai.embeddings.create({ model, input: 'one' });
  expect(packed.data[0]!.embedding).toHaveLength(numbers.data[0]!.embedding.length);
  packed.data[0]!.embedding.forEach((value, index) => {
    expect(value).toBeCloseTo(numbers.data[0]!.embedding[index]!, 5);
  });
  expect(packed.usage.prompt_tokens).toBeGreaterThan(0);
});

test('models are listed and shown', async () => {
  const name = `accounts/fireworks/models/${model}`;
  const listed = await platform.openai.models.list();
  expect(listed.data.map((entry) => entry.id)).toContain(name);
  expect((await platform.openai.models.retrieve(name)).id).toBe(name);
});

test('the OpenAI base path works too', async () => {
  const openai = new OpenAI({ apiKey: platform.apiKey, baseURL: `${platform.baseUrl}/v1`, maxRetries: 0 });
  const answer = await openai.chat.completions.create({ model, messages, max_tokens: 2, temperature: 0 });
  expect(answer.usage!.completion_tokens).toBe(2);
});

test('errors arrive as the classes of the client', async () => {
  const { openai, baseUrl } = platform;
  const create = (client: OpenAI, fields: Record<string, unknown>) =>
    client.chat.completions.create({
      model,
      messages,
      ...fields,
    } as OpenAI.ChatCompletionCreateParamsNonStreaming);
  const stranger = new OpenAI({ apiKey: 'fw_wrong', baseURL: `${baseUrl}/inference/v1`, maxRetries: 0 });
  await expect(create(stranger, {})).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  await expect(create(openai, { model: 'nothing' })).rejects.toBeInstanceOf(OpenAI.PermissionDeniedError);
  const wrong = create(openai, { temperature: 'hot' });
  await expect(wrong).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  await expect(wrong).rejects.toMatchObject({ param: 'temperature', code: 'BAD_REQUEST', requestID: /./ });
  const unknown = create(openai, { temprature: 1 });
  await expect(unknown).rejects.toMatchObject({ status: 400, param: 'temprature' });
  const lost = new OpenAI({ apiKey: platform.apiKey, baseURL: `${baseUrl}/nowhere`, maxRetries: 0 });
  await expect(create(lost, {})).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

test('breaking off a stream stops the generation and is metered as 499', async () => {
  const stream = await platform.openai.chat.completions
    .create({ model, messages, max_tokens: 4000, ignore_eos: true, stream: true } as never)
    .withResponse();
  const requestId = stream.response.headers.get('x-fireworks-request-id')!;
  const chunks = stream.data as unknown as AsyncIterable<unknown> & { controller: AbortController };
  for await (const _chunk of chunks) break;
  chunks.controller.abort();
  const timings = await vi.waitFor(() => timingsOf(requestId), 10_000);
  expect(timings.status).toBe(499);
  expect(timings.tokens.completion).toBeLessThan(4000);
});

test('many streams at once all come through whole', async () => {
  const run = async (index: number) => {
    const asked = [{ role: 'user' as const, content: `Question ${index}` }];
    const fixed = { model, messages: asked, max_tokens: 24, temperature: 0 };
    const stream = await platform.openai.chat.completions.create({ ...fixed, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    const whole = await platform.openai.chat.completions.create(fixed);
    expect(text).toBe(whole.choices[0]!.message.content);
  };
  await Promise.all(Array.from({ length: 24 }, (_, index) => run(index)));
});

test('the key is verified with its account', async () => {
  const response = await fetch(`${platform.baseUrl}/verifyApiKey`, {
    headers: { authorization: `Bearer ${platform.apiKey}` },
  });
  expect(response.headers.get('x-fireworks-account-id')).toBe('local');
});
