import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyAdapter, writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelRunner } from '../../core/model-runner.ts';
import { openLlamaModel } from './open-llama-model.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runner-stress-'));
  await writeTinyModel(join(folder, 'model.gguf'));
  for (const seed of [1, 2, 3]) await writeTinyAdapter(join(folder, `adapter-${seed}.gguf`), { seed });
});

afterAll(() => rm(folder, { recursive: true }));

function openRunner(): Promise<ModelRunner> {
  const path = join(folder, 'model.gguf');
  return openLlamaModel({ path, cellsMax: 512, sequencesMax: 4, batchTokensMax: 64, threads: 1 }).then(
    (open) => open.runner,
  );
}

/** Logits after [1, 2, 3] from an empty slot. */
async function probe(runner: ModelRunner, adapter: string | null): Promise<Float32Array> {
  runner.dropSequence(0);
  await runner.forward({
    adapter,
    rows: 3,
    tokens: Int32Array.of(1, 2, 3),
    positions: Int32Array.of(0, 1, 2),
    slots: Int32Array.of(0, 0, 0),
    wantLogits: Uint8Array.of(0, 0, 1),
  });
  return runner.logits(2).slice();
}

test('adapters come and go while tokens are computed, and every result is right', async () => {
  const runner = await openRunner();
  const expected = new Map<string | null, Float32Array>([[null, await probe(runner, null)]]);
  for (const seed of [1, 2, 3]) {
    await runner.loadAdapter(`a${seed}`, join(folder, `adapter-${seed}.gguf`));
    expected.set(`a${seed}`, await probe(runner, `a${seed}`));
  }
  let computing = true;
  const churn = (async () => {
    for (let round = 0; computing; round++) {
      await runner.loadAdapter(`extra-${round}`, join(folder, `adapter-${1 + (round % 3)}.gguf`));
      runner.unloadAdapter(`extra-${round}`);
      await runner.embed([[1, 2, 3], [4]]);
    }
  })();
  for (let step = 0; step < 300; step++) {
    const adapter = [null, 'a1', 'a2', 'a3'][step % 4]!;
    expect(await probe(runner, adapter)).toEqual(expected.get(adapter));
  }
  computing = false;
  await churn;
  await runner.close();
});

test('an adapter replaced under its id is the new one', async () => {
  const runner = await openRunner();
  const first = await runner.loadAdapter('mine', join(folder, 'adapter-1.gguf'));
  const before = await probe(runner, 'mine');
  await expect(runner.loadAdapter('mine', join(folder, 'adapter-2.gguf'))).rejects.toThrow('loaded already');
  runner.unloadAdapter('mine');
  const second = await runner.loadAdapter('mine', join(folder, 'adapter-2.gguf'));
  expect(second.version).not.toBe(first.version);
  expect(await probe(runner, 'mine')).not.toEqual(before);
  expect(() => runner.unloadAdapter('other')).toThrow('no adapter other is loaded');
  await runner.close();
});

test('closing waits for what runs, and models can be opened and closed again and again', async () => {
  for (let round = 0; round < 5; round++) {
    const runner = await openRunner();
    const forward = Promise.allSettled([probe(runner, null)]);
    const embed = runner.embed([[1, 2]]);
    await runner.close();
    expect(await embed).toHaveLength(1);
    await forward;
    await expect(probe(runner, null)).rejects.toThrow(/closed/);
    await expect(runner.embed([[1]])).rejects.toThrow(/closed/);
    await runner.close();
  }
});
