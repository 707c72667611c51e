import path from 'node:path';
import { writeTinyAdapter, writeTinyModel } from '@sparkler/llama';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { openFolder, spawnEngine } from '../testing/spawn-engine.ts';

test('serves a model file: chat, JSON, embeddings and adapters', async () => {
  using folder = openFolder();
  const modelPath = path.join(folder.path, 'tiny.gguf');
  const adapterPath = path.join(folder.path, 'adapter.gguf');
  await writeTinyModel(modelPath);
  await writeTinyAdapter(adapterPath);
  const flags = ['--model', modelPath, '--threads', '1', '--cells', '1024', '--sequences', '4'];
  const engine = await spawnEngine([...flags, '--backend', 'cpu', '--gpu-layers', '-1']);
  try {
    expect(engine.events.filter((event) => event.event === 'loading').at(-1)).toMatchObject({ fraction: 1 });
    const client = new OpenAI({ baseURL: `${engine.address}/v1`, apiKey: 'none', maxRetries: 0 });
    const ask = {
      model: 'test',
      messages: [{ role: 'user' as const, content: 'Hi <|im_end|>' }],
      temperature: 0,
    };
    const first = await client.chat.completions.create({ ...ask, max_tokens: 8 });
    const second = await client.chat.completions.create({ ...ask, max_tokens: 8 });
    expect(second.choices[0]!.message.content).toBe(first.choices[0]!.message.content);
    expect(second.usage!.prompt_tokens_details!.cached_tokens).toBeGreaterThan(0);
    const json = await client.chat.completions.create({
      ...ask,
      max_tokens: 200,
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'x',
          schema: { type: 'object', properties: { a: { enum: [1, 2] } }, required: ['a'] },
        },
      },
    });
    expect([1, 2]).toContain(JSON.parse(json.choices[0]!.message.content!).a);
    const vectors = await client.embeddings.create({ model: 'test', input: ['a', 'b'] });
    expect(vectors.data[0]!.embedding).toHaveLength(64);
    await client.post('/adapters', { body: { id: 'mine', path: adapterPath } });
    const adapted = await client.chat.completions.create({ ...ask, model: 'mine', max_tokens: 8 });
    expect(adapted.usage!.prompt_tokens_details!.cached_tokens).toBe(0);
    const broken = client.post('/adapters', { body: { id: 'broken', path: modelPath } });
    await expect(broken).rejects.toMatchObject({ status: 412 });
  } finally {
    await engine.stop();
  }
});

test('takes a smaller model to guess ahead if it has the same tokens, and says the same', async () => {
  using folder = openFolder();
  const modelPath = path.join(folder.path, 'tiny.gguf');
  const draftPath = path.join(folder.path, 'draft.gguf');
  const strangerPath = path.join(folder.path, 'stranger.gguf');
  await writeTinyModel(modelPath);
  await writeTinyModel(draftPath, { layers: 1, seed: 7 });
  await writeTinyModel(strangerPath, { vocabulary: 320 });
  const flags = ['--model', modelPath, '--threads', '1', '--cells', '512', '--sequences', '4'];
  const texts: string[] = [];
  for (const more of [[], ['--draft-model', draftPath]]) {
    const engine = await spawnEngine([...flags, ...more]);
    const client = new OpenAI({ baseURL: `${engine.address}/v1`, apiKey: 'none', maxRetries: 0 });
    const asked = { model: 'test', prompt: 'Hi', temperature: 0, max_tokens: 48 };
    texts.push((await client.completions.create(asked)).choices[0]!.text);
    engine.child.kill('SIGTERM');
    expect(await engine.exit).toBe(0);
  }
  expect(texts[1]).toBe(texts[0]);
  await expect(spawnEngine([...flags, '--draft-model', strangerPath])).rejects.toThrow('same family');
});
