import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  aliceKey,
  createTestbed,
  listen,
  type Testbed,
  tinySnapshot,
} from '../../packages/server/src/inference/testbed/testbed.ts';

/**
 * An engine process that the gateway takes for any OpenAI-compatible server: TCP, no `sparkler`, its own
 * model name.
 */

let engine: ChildProcess;
let engineUrl: string;
let testbed: Testbed;
let server: { baseUrl: string; close(): Promise<void> };
let openai: OpenAI;
const messages = [{ role: 'user' as const, content: 'Say something' }];

beforeAll(async () => {
  const main = fileURLToPath(new URL('../../packages/engine/src/main.ts', import.meta.url));
  engine = fork(main, ['--runner', 'scripted', '--name', 'upstream-tiny', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  });
  let told = '';
  while (!told.includes('"event":"ready"')) told += String((await once(engine.stdout!, 'data'))[0]);
  const ready = told.split('\n').find((line) => line.includes('"event":"ready"'))!;
  engineUrl = (JSON.parse(ready) as { address: string }).address;
  testbed = createTestbed();
  const url = engineUrl.startsWith('http') ? engineUrl : `http://${engineUrl}`;
  testbed.route(tinySnapshot([`${url}/v1`], { dialect: 'openai', upstreamModel: 'upstream-tiny' }));
  server = await listen(testbed);
  openai = new OpenAI({ apiKey: aliceKey, baseURL: `${server.baseUrl}/inference/v1`, maxRetries: 0 });
});

afterAll(async () => {
  await server.close();
  engine.kill('SIGKILL');
  await once(engine, 'exit');
});

test('whole and streamed answers come through and are metered', async () => {
  const asked = { model: 'tiny', messages, max_tokens: 12, temperature: 0 };
  const whole = await openai.chat.completions.create(asked);
  const stream = await openai.chat.completions.create({ ...asked, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  expect(text).toBe(whole.choices[0]!.message.content);
  expect(text.length).toBeGreaterThan(0);
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(2));
  for (const usage of testbed.usage) {
    expect(usage).toMatchObject({ status: 200, completionTokens: whole.usage!.completion_tokens });
    expect(usage.promptTokens).toBe(whole.usage!.prompt_tokens);
  }
});

test('what only our own engines can do is refused by name', async () => {
  const wrong = openai.chat.completions.create({ model: 'tiny', messages, top_k: 5 } as never);
  await expect(wrong).rejects.toMatchObject({ status: 400, param: 'top_k' });
});

test('errors about the request keep their words', async () => {
  const long = [{ role: 'user' as const, content: 'word '.repeat(20_000) }];
  const wrong = openai.chat.completions.create({ model: 'tiny', messages: long });
  await expect(wrong).rejects.toMatchObject({ status: 400 });
});

test('breaking off stops the other server too', async () => {
  testbed.usage.length = 0;
  const stream = await openai.chat.completions.create({
    model: 'tiny',
    messages,
    max_tokens: 3000,
    stream: true,
  });
  for await (const _chunk of stream) break;
  await vi.waitFor(() => expect(testbed.usage).toHaveLength(1));
});
