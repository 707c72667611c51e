import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyAdapter, writeTinyModel } from '@sparkler/llama';
import { expect, test } from 'vitest';
import { Engine } from '../../core/engine.ts';
import { encodePrompt, generate, makeRequest } from '../../core/testing/requests.ts';
import { openLlamaModel } from './open-llama-model.ts';

test('a hundred adapters come while a stream goes on, answer as alone, and go again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'many-adapters-'));
  const path = join(folder, 'model.gguf');
  await writeTinyModel(path);
  const limits = { cellsMax: 1024, sequencesMax: 8, batchTokensMax: 1 };
  // Exact, so that texts can be compared (see differential.test.ts).
  const exact = { flashAttention: 'off', cacheType: 'f32' } as const;
  const { runner } = await openLlamaModel({ path, threads: 1, ...limits, ...exact });
  const engine = new Engine({ runner });
  const ids = Array.from({ length: 100 }, (_, i) => `adapter-${i}`);
  const ask = (adapter: string | null, maxTokens = 8) =>
    generate(
      engine,
      makeRequest({
        promptTokens: encodePrompt('Hello'),
        adapter,
        maxTokens,
        ignoreEnd: true,
        speculate: false,
      }),
    );
  try {
    const files = await Promise.all(
      ids.slice(0, 10).map(async (id, seed) => {
        await writeTinyAdapter(join(folder, `${id}.gguf`), { seed: seed + 1 });
        return join(folder, `${id}.gguf`);
      }),
    );
    const stream = ask(null, 400);
    for (const [i, id] of ids.entries()) await engine.loadAdapter(id, files[i % 10]!);
    expect(engine.status().adapters).toHaveLength(100);
    const answers = await Promise.all(ids.map(async (id) => (await ask(id)).choices[0]!.join()));
    // Every tenth has the same weights: the same text, however they were grouped.
    for (const [i, answer] of answers.entries()) expect(answer, ids[i]).toBe(answers[i % 10]);
    expect(new Set(answers).size).toBeGreaterThan(5);
    expect((await stream).end.type).toBe('finish');
    await Promise.all(ids.map((id) => engine.unloadAdapter(id)));
    expect(engine.status().adapters).toEqual([]);
    expect((await ask('adapter-1')).end).toMatchObject({ code: 'adapter-missing' });
    expect((await ask(null)).end.type).toBe('finish');
  } finally {
    await engine.close(0);
    await runner.close();
    await rm(folder, { recursive: true });
  }
});
