import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Platform } from './start-platform.ts';
import { realModel as model, startRealModel } from './start-real-model.ts';

/**
 * SmolLM2 behind the whole platform, asked by the stock OpenAI client. Skipped, with the reason, where it
 * can't be had.
 */

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

/** With its own default system prompt this small a model answers such questions in French. */
function askCapital(country: string) {
  return [
    { role: 'system' as const, content: 'You are a helpful assistant.' },
    { role: 'user' as const, content: `What is the capital of ${country}?` },
  ];
}

const messages = askCapital('France');

test('a real question gets the real answer, and the model stops by itself', async () => {
  const answer = await platform!.openai.chat.completions.create({
    model,
    messages,
    temperature: 0,
    max_tokens: 64,
  });
  expect(answer.choices[0]!.message.content).toBe('The capital of France is Paris.');
  expect(answer.choices[0]!.finish_reason).toBe('stop');
  expect(answer.usage!.prompt_tokens).toBeGreaterThan(10);
});

test('the streamed answer is the same text', async () => {
  const asked = { model, messages, temperature: 0, max_tokens: 64 };
  const whole = await platform!.openai.chat.completions.create(asked);
  const stream = await platform!.openai.chat.completions.create({ ...asked, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  expect(text).toBe(whole.choices[0]!.message.content);
});

test('a repeated prompt comes from the cache, for the same isolation key only', async () => {
  const long = `${'The quick brown fox jumps over the lazy dog. '.repeat(20)}How many dogs?`;
  const ask = async (headers: Record<string, string>) => {
    const sent = platform!.openai.chat.completions.create(
      { model, messages: [{ role: 'user', content: long }], max_tokens: 2 },
      { headers },
    );
    const { response } = await sent.withResponse();
    return Number(response.headers.get('fireworks-cached-prompt-tokens'));
  };
  const key = { 'x-prompt-cache-isolation-key': 'tenant-1' };
  await ask({});
  expect(await ask({})).toBeGreaterThan(100);
  expect(await ask(key)).toBeLessThan(20);
  expect(await ask(key)).toBeGreaterThan(100);
});

test('token probabilities are those of the words that were said', async () => {
  const answer = await platform!.openai.chat.completions.create({
    model,
    messages,
    temperature: 0,
    max_tokens: 4,
    logprobs: true,
    top_logprobs: 2,
  });
  const { content } = answer.choices[0]!.logprobs!;
  expect(content!.map((entry) => entry.token).join('')).toBe(answer.choices[0]!.message.content);
  for (const entry of content!) {
    expect(entry.logprob).toBeLessThanOrEqual(0);
    expect(entry.top_logprobs[0]!.token).toBe(entry.token);
  }
});

test('different questions at once each get their own answer', async () => {
  const capitals = { France: 'Paris', Germany: 'Berlin', Japan: 'Tokyo', Egypt: 'Cairo', Greece: 'Athens' };
  const ask = async ([country, capital]: [string, string]) => {
    const asked = { model, messages: askCapital(country), temperature: 0, max_tokens: 24 };
    const answer = await platform!.openai.chat.completions.create(asked);
    expect(answer.choices[0]!.message.content).toBe(`The capital of ${country} is ${capital}.`);
  };
  await Promise.all(Object.entries(capitals).map(ask));
});
