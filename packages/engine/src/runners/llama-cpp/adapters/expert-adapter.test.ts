import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodeFloats,
  readGgufHeader,
  type SafetensorToWrite,
  writeGguf,
  writeSafetensors,
  writeTinyModel,
} from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLlamaModel } from '../open-llama-model.ts';

const [DIM, INNER, EXPERTS, RANK, ALPHA] = [64, 96, 4, 4, 8];
const PROMPT = [10, 20, 30, 40, 50];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expert-adapter-'));
  await writeTinyModel(join(folder, 'base.gguf'), {
    dim: DIM,
    feedForward: INNER,
    experts: EXPERTS,
    layers: 1,
  });
});

afterAll(() => rm(folder, { recursive: true }));

/** Numbers that repeat with no pattern of a matrix. */
function makeMatrix(rows: number, columns: number, seed: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, index) => 0.3 * Math.sin(seed + 1.7 * index + index * index * 0.01),
  );
}

/** What an adapter adds to a matrix of [rows, columns]. */
function multiply(b: Float32Array, a: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let rank = 0; rank < RANK; rank++) sum += b[row * RANK + rank]! * a[rank * columns + column]!;
    return (ALPHA / RANK) * sum;
  });
}

/** Modules of the adapter: Mixtral's names, sizes, and where their weights begin in the GGUF tensor. */
const MODULES = [
  { module: 'gate', tensor: 'ffn_gate_inp', rows: EXPERTS, columns: DIM, expert: 0 },
  ...[0, 2, 3].flatMap((expert) => [
    { module: `experts.${expert}.w1`, tensor: 'ffn_gate_exps', rows: INNER, columns: DIM, expert },
    { module: `experts.${expert}.w3`, tensor: 'ffn_up_exps', rows: INNER, columns: DIM, expert },
    { module: `experts.${expert}.w2`, tensor: 'ffn_down_exps', rows: DIM, columns: INNER, expert },
  ]),
];

/** Writes the adapter as a PEFT folder, and the model with the same change merged into its weights. */
async function writeAdapterAndMerged(): Promise<void> {
  const source = join(folder, 'base.gguf');
  const header = await readGgufHeader(source);
  const bytes = await readFile(source);
  const weights = new Map(
    header.tensors.map(({ name, offset, bytes: length }) => [
      name,
      new Float32Array(new Uint8Array(bytes.subarray(offset, offset + length)).buffer),
    ]),
  );
  const adapter: SafetensorToWrite[] = MODULES.flatMap(({ module, tensor, rows, columns, expert }, index) => {
    const [a, b] = [makeMatrix(RANK, columns, index), makeMatrix(rows, RANK, index + 0.5)];
    const target = weights.get(`blk.0.${tensor}.weight`)!;
    for (const [at, change] of multiply(b, a, rows, columns).entries())
      target[expert * rows * columns + at]! += change;
    const name = `base_model.model.model.layers.0.block_sparse_moe.${module}`;
    return [
      { name: `${name}.lora_A.weight`, shape: [RANK, columns], type: 'f32', data: encodeFloats(a, 'f32') },
      { name: `${name}.lora_B.weight`, shape: [rows, RANK], type: 'f32', data: encodeFloats(b, 'f32') },
    ];
  });
  await mkdir(join(folder, 'peft'));
  await writeSafetensors(join(folder, 'peft', 'adapter_model.safetensors'), adapter);
  const config = { r: RANK, lora_alpha: ALPHA, target_modules: ['block_sparse_moe.gate', 'w1', 'w2', 'w3'] };
  await writeFile(join(folder, 'peft', 'adapter_config.json'), JSON.stringify(config));
  const tensors = header.tensors.map(({ name, shape }) => ({
    name,
    shape,
    type: 'f32',
    data: () => encodeFloats(weights.get(name)!, 'f32'),
  }));
  await writeGguf(join(folder, 'merged.gguf'), header.metadata, tensors);
}

async function logitsOf(path: string, adapter: string | null): Promise<Float32Array> {
  const { runner } = await openLlamaModel({
    path,
    cellsMax: 256,
    sequencesMax: 1,
    batchTokensMax: 32,
    threads: 1,
  });
  if (adapter !== null) await runner.loadAdapter('a', adapter);
  await runner.forward({
    adapter: adapter === null ? null : 'a',
    rows: PROMPT.length,
    tokens: Int32Array.from(PROMPT),
    positions: Int32Array.from(PROMPT, (_, index) => index),
    slots: new Int32Array(PROMPT.length),
    wantLogits: Uint8Array.from(PROMPT, (_, index) => (index === PROMPT.length - 1 ? 1 : 0)),
  });
  const logits = runner.logits(PROMPT.length - 1).slice();
  await runner.close();
  return logits;
}

test('an adapter on a router and some experts gives the logits of the same weights merged', async () => {
  await writeAdapterAndMerged();
  const expected = await logitsOf(join(folder, 'merged.gguf'), null);
  const plain = await logitsOf(join(folder, 'base.gguf'), null);
  const adapted = await logitsOf(join(folder, 'base.gguf'), join(folder, 'peft'));
  const distance = (from: Float32Array): number =>
    Math.sqrt(from.reduce((sum, value, index) => sum + (value - expected[index]!) ** 2, 0) / expected.length);
  expect(distance(plain)).toBeGreaterThan(0.2);
  expect(distance(adapted)).toBeLessThan(0.01);
});
