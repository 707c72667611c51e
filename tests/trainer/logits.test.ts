import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenModel } from '../../packages/engine/src/core/model-runner.ts';
import { computeReferenceLogits } from '../../packages/llama/src/convert/testing/reference-decoder.ts';
import { readWeights } from '../../packages/llama/src/convert/testing/reference-math.ts';
import { writeAdapterFiles } from '../../packages/trainer/src/adapter/write-adapter.ts';
import { createRandom } from '../../packages/trainer/src/data/plan-steps.ts';
import { forwardLogits } from '../../packages/trainer/src/graph/forward-logits.ts';
import { loadTrainableModel } from '../../packages/trainer/src/model/load-model.ts';
import type { TrainableModel } from '../../packages/trainer/src/model/trainable-model.ts';
import { writeHuggingFaceModel } from '../../packages/trainer/src/model/write-hugging-face.ts';
import { openServing, serveLogits } from './serving.ts';

/**
 * Attention is computed in 32 bits here. Flash attention, the default, rounds to 16: logits move by up to
 * 7e-3.
 */
const servingRounding = 1e-5;

const tokens = Int32Array.from({ length: 48 }, (_, index) => (index * 53 + 7) % 256);

function largestDifference(left: Float32Array, right: Float32Array): number {
  expect(left.length).toBe(right.length);
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - right[index]!)), 0);
}

describe.each([
  { title: 'two query heads a key head', kvHeads: 2 },
  { title: 'one key head', kvHeads: 1 },
  { title: 'a key head each', kvHeads: 4 },
])('what is trained and what is served, with $title', ({ kvHeads }) => {
  let folder: string;
  let open: OpenModel;
  let model: TrainableModel;
  let adapter: Float32Array;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparkler-logits-'));
    const path = join(folder, 'tiny.gguf');
    await writeTinyModel(path, { kvHeads, type: 'f32' });
    open = await openServing(path, true);
    const options = { path, rank: 4, alpha: 8, threads: 1, precision: 'f32' as const };
    model = await loadTrainableModel({ ...options, onProgress: () => undefined });
    const random = createRandom(kvHeads);
    adapter = new Float32Array(model.layout.size).map(() => 0.4 * (random() - 0.5));
    await writeAdapterFiles({
      folder: join(folder, 'out'),
      model,
      parameters: adapter,
      alpha: 8,
      baseName: 'tiny',
    });
    await open.runner.loadAdapter('peft', join(folder, 'out'));
    await open.runner.loadAdapter('gguf', join(folder, 'out/adapter.gguf'));
  });
  afterAll(async () => {
    model.free();
    await open.runner.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('have the same logits without an adapter', async () => {
    model.writeAdapter(new Float32Array(model.layout.size));
    const trained = await forwardLogits(model, tokens);
    expect(largestDifference(trained, await serveLogits(open, tokens, null))).toBeLessThan(servingRounding);
  });

  it('are what the model definition says in double precision, to 1e-4', async () => {
    model.writeAdapter(new Float32Array(model.layout.size));
    const trained = await forwardLogits(model, tokens);
    await writeHuggingFaceModel(model, join(folder, 'base'));
    const config = JSON.parse(await readFile(join(folder, 'base/config.json'), 'utf8'));
    const exact = computeReferenceLogits(await readWeights(join(folder, 'base')), config, [...tokens]);
    expect(largestDifference(trained, Float32Array.from(exact.flatMap((row) => [...row])))).toBeLessThan(
      1e-4,
    );
  });

  it('have the same logits with an adapter, which changes them', async () => {
    model.writeAdapter(adapter);
    const trained = await forwardLogits(model, tokens);
    expect(largestDifference(trained, await serveLogits(open, tokens, 'gguf'))).toBeLessThan(servingRounding);
    expect(largestDifference(trained, await serveLogits(open, tokens, null))).toBeGreaterThan(0.1);
  });

  it('have the same logits from the PEFT folder as from the GGUF file', async () => {
    const fromGguf = await serveLogits(open, tokens, 'gguf');
    expect(await serveLogits(open, tokens, 'peft')).toEqual(fromGguf);
  });
});
