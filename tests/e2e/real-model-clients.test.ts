import { createFireworks } from '@ai-sdk/fireworks';
import { APICallError, embed, generateText, jsonSchema, Output, streamText, type ToolSet, tool } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { readProgram, runPython, type SampleResult } from '../guides/run-sample.ts';
import { openPythonEnvironment } from './python-environment.ts';
import type { Platform } from './start-platform.ts';
import { realModel, startRealModel } from './start-real-model.ts';

/**
 * Every stock client against a whole server with SmolLM2 itself: chat, streams, tools, structured output,
 * embeddings, errors, aborts. What else the clients can do is tried on the scripted model, in their own
 * files.
 */

const model = `accounts/fireworks/models/${realModel}`;
let platform: Platform | null = null;
let missing: string | null = null;

beforeAll(async () => {
  const started = await startRealModel();
  if (typeof started === 'string') missing = started;
  else platform = started;
}, 600_000);

beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});

afterAll(async () => {
  await platform?.stop();
  await platform?.remove();
});

const system = 'You are a helpful assistant.';
const question = 'What is the capital of France?';
const messages = [
  { role: 'system' as const, content: system },
  { role: 'user' as const, content: question },
];
const schema = {
  type: 'object' as const,
  properties: { warm: { type: 'boolean' as const } },
  required: ['warm'],
  additionalProperties: false,
};
/** Room for a call: so small a model may write each letter of the function's name as an escape. */
const MOST_TOKENS = 300;
const weather = { warm: expect.any(Boolean) };
/** Size of its hidden states, mean-pooled: it is no embedding model, but it can be asked. */
const DIMENSIONS = 576;

/** Waits until so many requests were broken off, none of them having generated all that it asked for. */
async function untilAborted(count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const response = await fetch(`${platform!.baseUrl}/inference/v1/requests`, {
        headers: { authorization: `Bearer ${platform!.apiKey}` },
      });
      const { data } = (await response.json()) as {
        data: { status: number; tokens: { completion: number } }[];
      };
      const aborted = data.filter(({ status }) => status === 499);
      expect(aborted).toHaveLength(count);
      for (const { tokens } of aborted) expect(tokens.completion).toBeLessThan(3000);
    },
    { timeout: 30_000 },
  );
}

let aborts = 0;

test('openai for Node', { timeout: 120_000 }, async () => {
  const { openai, baseUrl } = platform!;
  const asked = { model, messages, temperature: 0, max_tokens: MOST_TOKENS };
  const whole = await openai.chat.completions.create(asked);
  expect(whole.choices[0]!.message.content).toContain('Paris');
  let text = '';
  for await (const chunk of await openai.chat.completions.create({ ...asked, stream: true }))
    text += chunk.choices[0]?.delta.content ?? '';
  expect(text).toBe(whole.choices[0]!.message.content);
  const tools = [{ type: 'function' as const, function: { name: 'answer', parameters: schema } }];
  const called = await openai.chat.completions.create({ ...asked, tools, tool_choice: 'required' });
  const call = called.choices[0]!.message.tool_calls![0]! as OpenAI.ChatCompletionMessageFunctionToolCall;
  expect(called.choices[0]!.finish_reason).toBe('tool_calls');
  expect(call.function.name).toBe('answer');
  expect(JSON.parse(call.function.arguments)).toEqual(weather);
  const json_schema = { name: 'weather', strict: true, schema };
  const response_format = { type: 'json_schema' as const, json_schema };
  const structured = await openai.chat.completions.create({ ...asked, response_format });
  expect(JSON.parse(structured.choices[0]!.message.content!)).toEqual(weather);
  const vectors = await openai.embeddings.create({ model, input: ['one', 'two'] });
  expect(vectors.data.map(({ embedding }) => embedding.length)).toEqual([DIMENSIONS, DIMENSIONS]);
  const stranger = new OpenAI({ apiKey: 'fw_wrong', baseURL: `${baseUrl}/inference/v1`, maxRetries: 0 });
  const refused = stranger.chat.completions.create(asked);
  await expect(refused).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  const wrong = openai.chat.completions.create({ ...asked, temprature: 1 } as typeof asked);
  await expect(wrong).rejects.toMatchObject({ status: 400, param: 'temprature' });
  const endless = { ...asked, max_tokens: 3000, ignore_eos: true, stream: true as const };
  for await (const _chunk of await openai.chat.completions.create(endless)) break;
  await untilAborted(++aborts);
});

test('the AI SDK', { timeout: 120_000 }, async () => {
  const { apiKey, baseUrl } = platform!;
  const fireworks = createFireworks({ apiKey, baseURL: `${baseUrl}/inference/v1` });
  const asked = {
    model: fireworks(model),
    system,
    prompt: question,
    temperature: 0,
    maxOutputTokens: MOST_TOKENS,
  };
  const whole = await generateText(asked);
  expect(whole.text).toContain('Paris');
  let text = '';
  for await (const part of streamText(asked).textStream) text += part;
  expect(text).toBe(whole.text);
  const inputSchema = jsonSchema<{ warm: boolean }>(schema);
  // The SDK's own types do not fit each other under exactOptionalPropertyTypes.
  const tools = { answer: tool({ inputSchema }) } as unknown as ToolSet;
  const called = await generateText({ ...asked, tools, toolChoice: 'required' });
  expect(called.toolCalls).toMatchObject([{ toolName: 'answer', input: weather }]);
  const structured = await generateText({ ...asked, output: Output.object({ schema: inputSchema }) });
  expect(structured.output).toEqual(weather);
  const { embedding } = await embed({ model: fireworks.embeddingModel(model), value: 'one' });
  expect(embedding).toHaveLength(DIMENSIONS);
  const wrong = await generateText({ ...asked, model: fireworks('nothing'), maxRetries: 0 }).catch(
    (error: unknown) => error,
  );
  expect(APICallError.isInstance(wrong) && wrong.statusCode).toBe(403);
  const abort = new AbortController();
  const endless = streamText({
    ...asked,
    maxOutputTokens: 3000,
    providerOptions: { fireworks: { ignore_eos: true } },
    abortSignal: abort.signal,
    onError: () => undefined,
  });
  for await (const _part of endless.textStream) break;
  abort.abort();
  await untilAborted(++aborts);
});

/** What the wrong key, the wrong model and the wrong field are in each client. */
const errors = {
  openai: [
    ['AuthenticationError', 401],
    ['PermissionDeniedError', 403],
    ['BadRequestError', 400],
  ],
  fireworks: ['AuthenticationError', 'PermissionError', 'InvalidRequestError'],
  langchain: ['AuthenticationError', 'PermissionDeniedError', 'BadRequestError'],
};

test.for([
  ['current', ['openai', 'fireworks']],
  ['langchain', ['langchain']],
] as const)('Python: %s, %s', { timeout: 600_000 }, async ([environment, clients], context) => {
  const python = await openPythonEnvironment(environment).catch((error: Error) => error);
  if (python instanceof Error) return context.skip(python.message);
  const { baseUrl, apiKey } = platform!;
  const programs = clients.map((client) => [client, readProgram(`real-model-${client}.py`)]);
  const results = await runPython(python, Object.fromEntries(programs), { baseUrl, apiKey, model });
  for (const client of clients) checkTold(client, results[client]!);
  aborts += clients.length;
  await untilAborted(aborts);
});

function checkTold(client: keyof typeof errors, { output, error }: SampleResult): void {
  expect(error).toBeNull();
  const told = JSON.parse(output);
  expect(told.chat).toContain('Paris');
  const [key, unknown, field] = errors[client];
  expect(told).toEqual({
    chat: told.chat,
    streamed: told.chat,
    'same usage': true,
    tool: ['tool_calls', 'answer', weather],
    'streamed tool': ['answer', weather],
    structured: weather,
    embeddings: [DIMENSIONS, DIMENSIONS],
    'wrong key': key,
    'wrong model': unknown,
    'wrong field': field,
  });
}
