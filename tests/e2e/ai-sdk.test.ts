import { createFireworks } from '@ai-sdk/fireworks';
import { APICallError, embed, generateText, jsonSchema, Output, streamText, type ToolSet, tool } from 'ai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Platform, startPlatform } from './start-platform.ts';

/** The AI SDK's Fireworks provider, unchanged, against a whole server. */

let platform: Platform;
let fireworks: ReturnType<typeof createFireworks>;
const name = 'accounts/fireworks/models/smollm2-135m-instruct';
const prompt = 'Say something';

beforeAll(async () => {
  platform = await startPlatform();
  fireworks = createFireworks({ apiKey: platform.apiKey, baseURL: `${platform.baseUrl}/inference/v1` });
});

afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

test('text, whole and streamed, with its usage', async () => {
  const asked = { model: fireworks(name), prompt, temperature: 0, maxOutputTokens: 16 };
  const whole = await generateText(asked);
  expect(whole.usage.outputTokens).toBe(16);
  expect(whole.finishReason).toBe('length');
  const streamed = streamText(asked);
  let text = '';
  for await (const part of streamed.textStream) text += part;
  expect(text).toBe(whole.text);
  expect((await streamed.usage).outputTokens).toBe(16);
});

test('the completions endpoint', async () => {
  const answer = await generateText({
    model: fireworks.completionModel(name),
    prompt,
    temperature: 0,
    maxOutputTokens: 4,
  });
  expect(answer.usage.outputTokens).toBe(4);
});

test('an error has its status and message', async () => {
  const asked = { model: fireworks('nothing'), prompt, maxRetries: 0 };
  const error = await generateText(asked).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(APICallError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ statusCode: 403, message: expect.stringContaining('does not exist') });
});

test('tools are called with arguments of their schema', async () => {
  const inputSchema = jsonSchema<{ warm: boolean }>({
    type: 'object',
    properties: { warm: { type: 'boolean' } },
    required: ['warm'],
  });
  const weather = tool({ description: 'Report the weather', inputSchema });
  // The SDK's own types do not fit each other under exactOptionalPropertyTypes.
  const tools = { report_weather: weather } as unknown as ToolSet;
  const asked = { model: fireworks(name), prompt, tools, toolChoice: 'required' as const, temperature: 0 };
  const answer = await generateText({ ...asked, maxOutputTokens: 400 });
  expect(answer.finishReason).toBe('tool-calls');
  expect(answer.toolCalls).toMatchObject([
    { toolName: 'report_weather', input: { warm: expect.any(Boolean) } },
  ]);
});

test('structured output is an object of its schema', async () => {
  const schema = jsonSchema<{ warm: boolean }>({
    type: 'object',
    properties: { warm: { type: 'boolean' } },
    required: ['warm'],
    additionalProperties: false,
  });
  const asked = { model: fireworks(name), prompt, output: Output.object({ schema }), temperature: 0 };
  const answer = await generateText({ ...asked, maxOutputTokens: 200 });
  expect(answer.output).toEqual({ warm: expect.any(Boolean) });
});

test('embeddings', async () => {
  const { embedding, usage } = await embed({ model: fireworks.embeddingModel(name), value: prompt });
  expect(embedding.length).toBeGreaterThan(1);
  expect(usage.tokens).toBeGreaterThan(0);
});

test('an aborted stream ends the request', async () => {
  const abort = new AbortController();
  const streamed = streamText({
    model: fireworks(name),
    prompt,
    temperature: 0,
    maxOutputTokens: 4000,
    // Else the model might be at its end before it is stopped.
    providerOptions: { fireworks: { ignore_eos: true } },
    abortSignal: abort.signal,
    onError: () => undefined,
  });
  for await (const part of streamed.textStream) {
    expect(part).not.toBe('');
    break;
  }
  abort.abort();
  await vi.waitFor(
    async () => {
      const response = await fetch(`${platform.baseUrl}/inference/v1/requests`, {
        headers: { authorization: `Bearer ${platform.apiKey}` },
      });
      const { data } = (await response.json()) as { data: { status: number }[] };
      expect(data[0]!.status).toBe(499);
    },
    { timeout: 20_000 },
  );
});
