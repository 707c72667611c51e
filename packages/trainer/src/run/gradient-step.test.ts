import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInitialAdapter } from '../adapter/initial-adapter.ts';
import type { TokenizedExample } from '../data/tokenize-example.ts';
import { loadTrainableModel } from '../model/load-model.ts';
import type { TrainableModel } from '../model/trainable-model.ts';
import { GradientStep } from './gradient-step.ts';

let folder: string;
let model: TrainableModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-gradient-'));
  const path = join(folder, 'tiny.gguf');
  await writeTinyModel(path);
  const options = { path, rank: 4, alpha: 8, threads: 1, precision: 'f32' as const };
  model = await loadTrainableModel({ ...options, onProgress: () => undefined });
  model.writeAdapter(createInitialAdapter(model.layout, 1));
});
afterAll(async () => {
  model.free();
  await rm(folder, { recursive: true, force: true });
});

const example = (length: number): TokenizedExample => ({
  tokens: Int32Array.from({ length }, (_, index) => (index * 31) % 256),
  weights: Float32Array.from({ length }, (_, index) => (index > 0 ? 1 : 0)),
});

it('gives the same for a short row before and after a long one, which moves the working memory', async () => {
  const step = new GradientStep(model);
  const examples = [example(40), example(1500)];
  const runShort = async () => {
    const gradients = new Float32Array(model.layout.size);
    const { loss } = await step.run(examples, [[0]], gradients);
    const evaluated = await step.run(examples, [[0]], null);
    return { loss, gradients, evaluated };
  };
  const before = await runShort();
  const bytes = step.workingBytes;
  await step.run(examples, [[1]], new Float32Array(model.layout.size));
  expect(step.workingBytes).toBeGreaterThan(bytes);
  expect(await runShort()).toEqual(before);
  step.free();
});

it('goes no further than the row it is in when it is told that it is enough', async () => {
  const step = new GradientStep(model);
  const examples = [example(40), example(40)];
  const whole = await step.run(examples, [[0], [1]], null);
  let asked = 0;
  expect(await step.runUntil(examples, [[0], [1]], null, async () => asked++ > 0)).toBeNull();
  expect(asked).toBe(2);
  expect(await step.run(examples, [[0], [1]], null)).toEqual(whole);
  step.free();
});
