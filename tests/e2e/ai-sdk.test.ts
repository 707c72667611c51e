import { createFireworks } from '@ai-sdk/fireworks';
import { APICallError, generateText, streamText } from 'ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
  const answer = await generateText({ model: fireworks.completionModel(name), prompt, maxOutputTokens: 4 });
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
