import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  convertModelFolder,
  decodeFloats,
  encodeFloats,
  openSafetensors,
  type SafetensorToWrite,
  writeSafetensors,
  writeTinyCheckpoint,
} from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLlamaModel } from '../open-llama-model.ts';

const PROMPT = [10, 20, 30, 40, 50, 60];
const RANK = 4;
const ALPHA = 8;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'merged-adapter-'));
});

afterAll(() => rm(folder, { recursive: true }));

interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/** Numbers that repeat with no pattern of the heads' size. */
function makeMatrix(rows: number, columns: number, seed: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, index) => 0.3 * Math.sin(seed + 1.7 * index + index * index * 0.01),
  );
}

async function readMatrices(path: string): Promise<Matrix[]> {
  const checkpoint = await openSafetensors(path);
  const matrices: Matrix[] = [];
  for (const tensor of checkpoint.tensors.values()) {
    const [rows = 1, columns = 1] = tensor.shape;
    matrices.push({
      name: tensor.name,
      rows,
      columns,
      values: decodeFloats(await tensor.read(), tensor.type),
    });
  }
  await checkpoint.close();
  return matrices;
}

/**
 * Writes a PEFT folder on every projection, and a checkpoint with the same change merged into the weights.
 */
async function writeAdapterAndMerged(base: string, peft: string, merged: string): Promise<void> {
  const matrices = await readMatrices(join(base, 'model.safetensors'));
  const adapter: SafetensorToWrite[] = [];
  const weights = matrices.map(({ name, rows, columns, values }, index): SafetensorToWrite => {
    const shape = columns === 1 ? [rows] : [rows, columns];
    if (!name.endsWith('_proj.weight'))
      return { name, shape, type: 'f32', data: encodeFloats(values, 'f32') };
    const module = `base_model.model.${name.replace(/\.weight$/, '')}`;
    const [a, b] = [makeMatrix(RANK, columns, index), makeMatrix(rows, RANK, index + 0.5)];
    adapter.push(
      { name: `${module}.lora_A.weight`, shape: [RANK, columns], type: 'f32', data: encodeFloats(a, 'f32') },
      { name: `${module}.lora_B.weight`, shape: [rows, RANK], type: 'f32', data: encodeFloats(b, 'f32') },
    );
    const sum = values.map((value, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      let change = 0;
      for (let rank = 0; rank < RANK; rank++) change += b[row * RANK + rank]! * a[rank * columns + column]!;
      return value + (ALPHA / RANK) * change;
    });
    return { name, shape, type: 'f32', data: encodeFloats(sum, 'f32') };
  });
  await mkdir(peft);
  await writeSafetensors(join(peft, 'adapter_model.safetensors'), adapter);
  const targets = [...new Set(adapter.map(({ name }) => name.split('.').at(-3)))];
  const config = { peft_type: 'LORA', r: RANK, lora_alpha: ALPHA, target_modules: targets };
  await writeFile(join(peft, 'adapter_config.json'), JSON.stringify(config));
  await cp(base, merged, { recursive: true });
  await writeSafetensors(join(merged, 'model.safetensors'), weights);
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

function relativeError(found: Float32Array, expected: Float32Array): number {
  const norm = (values: Float32Array): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return norm(found.map((value, index) => value - expected[index]!)) / norm(expected);
}

test.each([
  'LlamaForCausalLM',
  'Qwen2ForCausalLM',
  'Qwen3ForCausalLM',
  'Gemma3ForCausalLM',
  'Phi3ForCausalLM',
])('%s with an adapter gives the logits of the same weights merged', async (className) => {
  const at = (name: string): string => join(folder, `${className}-${name}`);
  await writeTinyCheckpoint(at('base'), { className });
  await writeAdapterAndMerged(at('base'), at('peft'), at('merged'));
  for (const name of ['base', 'merged'])
    await convertModelFolder({ folder: at(name), target: at(`${name}.gguf`) });
  const expected = await logitsOf(at('merged.gguf'), null);
  expect(relativeError(await logitsOf(at('base.gguf'), at('peft')), expected)).toBeLessThan(5e-3);
  expect(relativeError(await logitsOf(at('base.gguf'), null), expected)).toBeGreaterThan(0.2);
});
