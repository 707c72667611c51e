import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPythonEnvironment } from '../e2e/python-environment.ts';
import { realModel, startRealModel } from '../e2e/start-real-model.ts';
import { readSample, runPython } from './run-sample.ts';

/** What guides/prompt-caching says, on SmolLM2, and its sample. */

let platform: Awaited<ReturnType<typeof startRealModel>>;

beforeAll(async () => {
  platform = await startRealModel();
}, 600_000);
afterAll(async () => {
  if (typeof platform === 'string') return;
  await platform?.stop();
  await platform?.remove();
});

const content = `${'Answer as a friendly pirate who has seen all seven seas. '.repeat(12)}Who are you?`;

describe('prompt caching', () => {
  test('traffic.py: a user stays where it was sent, and finds the cache there', async (context) => {
    if (typeof platform === 'string') return context.skip(platform);
    const python = await openPythonEnvironment().catch((error: Error) => error);
    if (python instanceof Error) return context.skip(python.message);
    const { baseUrl, apiKey } = platform;
    const target = { baseUrl, apiKey, model: `accounts/fireworks/models/${realModel}` };
    const send = `
import openai, os
client = openai.OpenAI(base_url=os.environ["OPENAI_API_BASE"])
def send(user):
    answer = client.chat.completions.with_raw_response.create(
        model="${target.model}", user=str(user), max_tokens=2, messages=[{"role": "user", "content": "${content}"}])
    print(answer.headers["fireworks-prompt-tokens"], answer.headers["fireworks-cached-prompt-tokens"])
def send_to_new_deployment(user): send(user)
def send_elsewhere(): send("session-id-123")
`;
    const code = `${send}\n${readSample('prompt-caching', 'traffic.py', target)}`;
    const told = await runPython(python, { first: code, second: code }, target);
    expect(told.first!.error).toBeNull();
    const [promptTokens, cached] = told.second!.output.split(' ').map(Number);
    expect(promptTokens).toBeGreaterThan(100);
    expect(cached).toBeGreaterThan(100);
    expect(cached).toBeLessThan(promptTokens!);
  });

  test('prompt_cache_max_len bounds what is cached; 0 turns it off', async (context) => {
    if (typeof platform === 'string') return context.skip(platform);
    const { openai } = platform;
    const ask = async (fields: object) => {
      const messages = [{ role: 'user' as const, content: `Off. ${content}` }];
      const asked = { model: realModel, messages, max_tokens: 2, temperature: 0, ...fields };
      const { data, response } = await openai.chat.completions.create(asked).withResponse();
      const cached = Number(response.headers.get('fireworks-cached-prompt-tokens'));
      return { text: data.choices[0]!.message.content, cached };
    };
    const first = await ask({ prompt_cache_max_len: 0 });
    const second = await ask({ prompt_cache_max_len: 0 });
    expect(first.cached + second.cached).toBe(0);
    await ask({});
    const whole = await ask({});
    expect(whole.cached).toBeGreaterThan(100);
    expect(whole.text).toBe(first.text);
    expect((await ask({ prompt_cache_max_len: 40 })).cached).toBeLessThanOrEqual(40);
  });
});
