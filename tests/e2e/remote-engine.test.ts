import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type SpawnedEngine, spawnEngine } from '../../packages/engine/src/testing/spawn-engine.ts';
import { startServer } from '../../packages/server/src/main.ts';
import { loadSettings } from '../../packages/server/src/settings-load.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/** A whole server before an engine that runs elsewhere, named in its settings: a catalogue model by URL. */

const model = 'llama-v3p3-70b-instruct';
let folder: string;
let engine: SpawnedEngine;
let platform: Platform;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-remote-'));
  engine = await spawnEngine(['--name', 'somewhere-else']);
  const url = engine.address.startsWith('http') ? engine.address : `http://${engine.address}`;
  platform = await startPlatform({ SPARKLER_REMOTE_ENGINES: await describe({ url: `${url}/v1/` }) });
});
afterAll(async () => {
  await platform?.stop();
  await platform?.remove();
  await engine?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Path of a file that describes one engine. */
async function describe(fields: Record<string, unknown>): Promise<string> {
  const path = join(folder, 'engines.json');
  const entry = { model, dialect: 'openai', upstreamModel: 'somewhere-else', ...fields };
  await writeFile(path, JSON.stringify({ engines: [entry] }));
  return path;
}

const messages = [{ role: 'user' as const, content: 'SAY hello from afar' }];

test('it is listed, answers whole and streamed, and what it used is metered', async () => {
  const { openai } = platform;
  const listed = (await openai.models.list()).data.map((entry) => entry.id);
  expect(listed).toContain(`accounts/fireworks/models/${model}`);
  const { data, response } = await openai.chat.completions.create({ model, messages }).withResponse();
  expect(data.choices[0]!.message.content).toBe('hello from afar');
  let text = '';
  for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true })) {
    text += chunk.choices[0]?.delta.content ?? '';
  }
  expect(text).toBe('hello from afar');
  const id = response.headers.get('x-fireworks-request-id');
  const timings = await vi.waitFor(async () => {
    const found = await fetch(`${platform.baseUrl}/inference/v1/requests/${id}`, {
      headers: { authorization: `Bearer ${platform.apiKey}` },
    });
    expect(found.status).toBe(200);
    return await found.json();
  });
  expect(timings).toMatchObject({
    model: `accounts/fireworks/models/${model}`,
    deployment: `accounts/fireworks/deployments/${model}-remote`,
    tokens: { prompt: data.usage!.prompt_tokens, completion: data.usage!.completion_tokens },
  });
});

test('the model that runs here is served as ever', async () => {
  const asked = { model: 'smollm2-135m-instruct', messages, max_tokens: 4, ignore_eos: true };
  expect((await platform.openai.chat.completions.create(asked)).usage!.completion_tokens).toBe(4);
});

test('what the other server lacks is refused by name, and 503 tells that it is away', async () => {
  const wrong = platform.openai.chat.completions.create({ model, messages, top_k: 5 } as never);
  await expect(wrong).rejects.toMatchObject({ status: 400, param: 'top_k' });
  await engine.stop();
  await expect(platform.openai.chat.completions.create({ model, messages })).rejects.toMatchObject({
    status: 503,
  });
});

test.each([
  [{ model: 'nothing' }, /has no model nothing/],
  [{ url: 'gpu-7:8000' }, /engines\[0\]\.url/],
  [{ url: 'http://gpu-7', dialect: 'klingon' }, /engines\[0\]\.dialect/],
  [{ url: 'http://gpu-7', keyVariable: 'NO_SUCH_KEY' }, /takes a key from NO_SUCH_KEY, which is not set/],
])('a file that is wrong (%o) stops the start, and says where', async (fields, words) => {
  const path = await describe({ url: 'http://gpu-7', ...fields });
  const { settings } = loadSettings({ SPARKLER_DATA: join(folder, 'data'), SPARKLER_REMOTE_ENGINES: path });
  await expect(startServer(settings)).rejects.toThrow(words);
});
