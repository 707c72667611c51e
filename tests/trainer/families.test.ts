import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModelFolder, writeTinyCheckpoint } from '@sparkler/llama';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenModel } from '../../packages/engine/src/core/model-runner.ts';
import { computeReferenceLogits } from '../../packages/llama/src/convert/testing/reference-decoder.ts';
import { readWeights } from '../../packages/llama/src/convert/testing/reference-math.ts';
import { writeAdapterFiles } from '../../packages/trainer/src/adapter/write-adapter.ts';
import { createRandom } from '../../packages/trainer/src/data/plan-steps.ts';
import { forwardLogits } from '../../packages/trainer/src/graph/forward-logits.ts';
import { loadTrainableModel } from '../../packages/trainer/src/model/load-model.ts';
import type { TrainableModel } from '../../packages/trainer/src/model/trainable-model.ts';
import { openServing, serveLogits } from './serving.ts';

/**
 * Each family from a Hugging Face folder through conversion: what is trained is the model's own definition.
 */

const tokens = Int32Array.from({ length: 40 }, (_, index) => (index * 53 + 7) % 200);

function largestDifference(left: Float32Array, right: Float32Array): number {
  expect(left.length).toBe(right.length);
  return left.reduce((largest, value, index) => Math.max(largest, Math.abs(value - right[index]!)), 0);
}

describe.each(['Qwen2ForCausalLM', 'Qwen3ForCausalLM', 'Gemma3ForCausalLM'])('%s', (className) => {
  let folder: string;
  let gguf: string;
  let model: TrainableModel;
  /** With the engine's gelu, where the family has one: a table of 16 bits, 2e-3 off in the logits. */
  let asServed: TrainableModel;
  let open: OpenModel;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparkler-family-'));
    gguf = join(folder, 'tiny.gguf');
    await writeTinyCheckpoint(join(folder, 'hf'), { className });
    await convertModelFolder({ folder: join(folder, 'hf'), target: gguf, type: 'f32' });
    const options = { path: gguf, rank: 4, alpha: 8, threads: 1, precision: 'f32' as const };
    model = await loadTrainableModel({ ...options, onProgress: () => undefined });
    asServed = await loadTrainableModel({ ...options, servedGelu: true, onProgress: () => undefined });
    open = await openServing(gguf, true);
  });
  afterAll(async () => {
    model.free();
    asServed.free();
    await open.runner.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('has the logits of its definition in double precision', async () => {
    model.writeAdapter(new Float32Array(model.layout.size));
    const trained = await forwardLogits(model, tokens);
    const config = JSON.parse(await readFile(join(folder, 'hf/config.json'), 'utf8'));
    const exact = computeReferenceLogits(await readWeights(join(folder, 'hf')), config, [...tokens]);
    const expected = Float32Array.from(exact.flatMap((row) => [...row]));
    expect(largestDifference(trained, expected)).toBeLessThan(1e-4);
  });

  it('is served with the adapter that was trained, in both file forms', async () => {
    const random = createRandom(5);
    const parameters = new Float32Array(model.layout.size).map(() => 0.3 * (random() - 0.5));
    asServed.writeAdapter(parameters);
    const trained = await forwardLogits(asServed, tokens);
    await writeAdapterFiles({
      folder: join(folder, 'out'),
      model: asServed,
      parameters,
      alpha: 8,
      baseName: 'tiny',
    });
    await open.runner.loadAdapter('gguf', join(folder, 'out/adapter.gguf'));
    await open.runner.loadAdapter('peft', join(folder, 'out'));
    const served = await serveLogits(open, tokens, 'gguf');
    expect(largestDifference(trained, served)).toBeLessThan(1e-4);
    expect(largestDifference(trained, await serveLogits(open, tokens, null))).toBeGreaterThan(0.1);
    expect(await serveLogits(open, tokens, 'peft')).toEqual(served);
  });
});

it.each([
  ['Gemma2ForCausalLM', "architecture 'gemma2': the embedded trainer knows llama, qwen2, qwen3, gemma3"],
  ['Phi3ForCausalLM', "architecture 'phi3'"],
])('%s is refused by name', async (className, reason) => {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-family-'));
  try {
    const path = join(folder, 'tiny.gguf');
    await writeTinyCheckpoint(join(folder, 'hf'), { className });
    await convertModelFolder({ folder: join(folder, 'hf'), target: path, type: 'f32' });
    const options = { path, rank: 4, alpha: 8, threads: 1, precision: 'f32' as const };
    await expect(loadTrainableModel({ ...options, onProgress: () => undefined })).rejects.toThrow(reason);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
