import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkModelFile,
  encodeFloats,
  type ModelFile,
  openSafetensors,
  type SafetensorToWrite,
  writeSafetensors,
  writeTinyAdapter,
  writeTinyModel,
  writeTinyPeftFolder,
} from '@sparkler/llama';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { AdapterError } from '../../../core/adapter-error.ts';
import type { OpenModel } from '../../../core/model-runner.ts';
import { openLlamaModel } from '../open-llama-model.ts';
import { prepareAdapter } from './prepare-adapter.ts';

const PROMPT = [10, 20, 30, 40, 50, 60];
/** Four query heads share one key head: the case that a wrong head count gets wrong. */
const SHAPE = { heads: 8, kvHeads: 2, layers: 2 };
let folder: string;
let base: ModelFile;
let open: OpenModel;
let peft: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'adapters-'));
  const path = join(folder, 'model.gguf');
  await writeTinyModel(path, SHAPE);
  base = await checkModelFile(path);
  open = await openLlamaModel({ path, cellsMax: 256, sequencesMax: 2, batchTokensMax: 32, threads: 1 });
});

afterAll(async () => {
  await open.runner.close();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  peft = await mkdtemp(join(folder, 'peft-'));
  await writeTinyPeftFolder(peft, SHAPE);
});

let loaded: string[] = [];
afterEach(() => {
  for (const id of loaded) open.runner.unloadAdapter(id);
  loaded = [];
});

async function logitsWith(adapter: string | null): Promise<Float32Array> {
  open.runner.dropSequence(0);
  await open.runner.forward({
    adapter,
    rows: PROMPT.length,
    tokens: Int32Array.from(PROMPT),
    positions: Int32Array.from(PROMPT, (_, index) => index),
    slots: new Int32Array(PROMPT.length),
    wantLogits: Uint8Array.from(PROMPT, (_, index) => (index === PROMPT.length - 1 ? 1 : 0)),
  });
  return open.runner.logits(PROMPT.length - 1).slice();
}

async function load(id: string, path: string): Promise<number> {
  const { rank } = await open.runner.loadAdapter(id, path);
  loaded.push(id);
  return rank;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index]!)), 0);
}

/** Changes fields of adapter_config.json. */
async function changeConfig(fields: Record<string, unknown>): Promise<void> {
  const path = join(peft, 'adapter_config.json');
  const config = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...config, ...fields }));
}

/** Rewrites the tensors of the PEFT folder. */
async function changeTensors(change: (tensor: SafetensorToWrite) => SafetensorToWrite | null): Promise<void> {
  const path = join(peft, 'adapter_model.safetensors');
  const checkpoint = await openSafetensors(path);
  const changed: SafetensorToWrite[] = [];
  for (const tensor of checkpoint.tensors.values()) {
    const result = change({ ...tensor, type: tensor.type, data: await tensor.read() });
    if (result !== null) changed.push(result);
  }
  await checkpoint.close();
  await writeSafetensors(path, changed);
}

test('a PEFT folder gives the same logits as the adapter written directly as GGUF, grouped queries included', async () => {
  const direct = join(folder, 'direct.gguf');
  await writeTinyAdapter(direct, SHAPE);
  expect(await load('direct', direct)).toBe(4);
  expect(await load('peft', peft)).toBe(4);
  const expected = await logitsWith('direct');
  expect(largestDifference(await logitsWith(null), expected)).toBeGreaterThan(0.1);
  expect(largestDifference(await logitsWith('peft'), expected)).toBe(0);
});

test('each target alone gives the same logits in both forms', async () => {
  const targets = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;
  const plain = await logitsWith(null);
  for (const target of targets) {
    const direct = join(folder, `${target}.gguf`);
    await writeTinyAdapter(direct, { ...SHAPE, targets: [target] });
    await writeTinyPeftFolder(join(peft, target), { ...SHAPE, targets: [target] });
    await load(`direct/${target}`, direct);
    await load(`peft/${target}`, join(peft, target));
    const expected = await logitsWith(`direct/${target}`);
    expect(largestDifference(await logitsWith(`peft/${target}`), expected), target).toBe(0);
    expect(largestDifference(plain, expected), target).toBeGreaterThan(1e-3);
  }
});

test('alpha of single modules and rank stabilization scale as PEFT does', async () => {
  const direct = join(folder, 'scaled.gguf');
  // With rank 4, alpha / sqrt(4) is twice alpha / 4.
  await writeTinyAdapter(direct, { ...SHAPE, alpha: 16 });
  await changeConfig({ use_rslora: true });
  await load('direct', direct);
  await load('peft', peft);
  expect(largestDifference(await logitsWith('peft'), await logitsWith('direct'))).toBeLessThan(1e-4);
  const names = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'].map((name) => `${name}_proj`);
  const pattern = Object.fromEntries(names.map((name) => [name, 16]));
  await changeConfig({ use_rslora: false, lora_alpha: 1, alpha_pattern: { self_attn: 3, ...pattern } });
  await load('pattern', peft);
  expect(largestDifference(await logitsWith('pattern'), await logitsWith('direct'))).toBeLessThan(1e-3);
});

test('half-precision weights are kept and give nearly the same logits', async () => {
  await load('whole', peft);
  const expected = await logitsWith('whole');
  for (const type of ['f16', 'bf16'] as const) {
    await changeTensors((tensor) => ({
      ...tensor,
      type,
      data: encodeFloats(new Float32Array(new Uint8Array(tensor.data).buffer), type),
    }));
    await load(type, peft);
    expect(largestDifference(await logitsWith(type), expected)).toBeLessThan(type === 'f16' ? 0.05 : 0.5);
    await writeTinyPeftFolder(peft, SHAPE);
  }
});

test('a wrong shape is named as the documentation shows it', async () => {
  await changeTensors((tensor) =>
    tensor.name.endsWith('layers.0.self_attn.q_proj.lora_A.weight')
      ? { ...tensor, shape: [4, 32], data: tensor.data.subarray(0, 4 * 32 * 4) }
      : tensor,
  );
  await expect(prepareAdapter(peft, base)).rejects.toThrow(
    'Invalid LoRA weight model.layers.0.self_attn.q_proj.lora_A.weight shape: torch.Size([4, 32]), expected (4, 64)',
  );
});

test('a rank in the configuration that is not the weights’ is refused', async () => {
  await changeConfig({ r: 8 });
  await expect(prepareAdapter(peft, base)).rejects.toThrow(/torch\.Size\(\[4, 64\]\), expected \(8, 64\)/);
});

test('each unsupported field is refused by name', async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ peft_type: 'IA3' }, 'peft_type must be LORA, not "IA3"'],
    [{ r: 65 }, 'r must be a whole number from 1 to 64, not 65'],
    [{ r: '8' }, 'not "8"'],
    [{ lora_alpha: 0 }, 'lora_alpha must be a number above 0'],
    [{ use_dora: true }, 'use_dora = true is not supported'],
    [{ bias: 'all' }, 'bias = "all"'],
    [{ modules_to_save: ['lm_head'] }, 'modules_to_save'],
    [{ fan_in_fan_out: true }, 'fan_in_fan_out'],
    [{ init_lora_weights: 'pissa_niter_4' }, 'changes the base weights'],
    [{ target_modules: ['q_proj', 'conv1'] }, 'the target module conv1 is not supported'],
    [{ target_modules: undefined }, 'target_modules must list'],
    [{ alpha_pattern: { '.*(q|k)_proj': 4 } }, 'regular expression'],
  ];
  for (const [fields, message] of cases) {
    await writeTinyPeftFolder(peft, SHAPE);
    await changeConfig(fields);
    const prepared = prepareAdapter(peft, base);
    await expect(prepared, message).rejects.toThrow(message);
    await expect(prepared).rejects.toBeInstanceOf(AdapterError);
  }
});

test('missing halves, foreign weights and other layers are refused by name', async () => {
  const cases: [(tensor: SafetensorToWrite) => SafetensorToWrite | null, string][] = [
    [
      (tensor) => (tensor.name.includes('layers.1.mlp.up_proj.lora_B') ? null : tensor),
      'up_proj: lora_B is missing',
    ],
    [
      (tensor) => ({ ...tensor, name: tensor.name.replace('lora_A', 'lora_magnitude') }),
      'only lora_A and lora_B',
    ],
    [(tensor) => ({ ...tensor, name: tensor.name.replace('layers.1', 'layers.7') }), 'no such layer'],
    [
      (tensor) => ({ ...tensor, name: tensor.name.replace(/model\.layers.*lora/, 'lm_head.lora') }),
      'without lm_head',
    ],
    [() => null, 'no lora_A and lora_B weights'],
  ];
  for (const [change, message] of cases) {
    await writeTinyPeftFolder(peft, SHAPE);
    await changeTensors(change);
    await expect(prepareAdapter(peft, base), message).rejects.toThrow(message);
  }
});

test('an adapter for another shape or architecture is refused', async () => {
  const other = join(folder, 'other.gguf');
  await writeTinyAdapter(other, { ...SHAPE, dim: 128 });
  await expect(prepareAdapter(other, base)).rejects.toThrow(
    'Invalid LoRA weight blk.0.attn_q.weight.lora_a shape: [128, 4], expected [64, 4]',
  );
  await writeTinyAdapter(other, { ...SHAPE, layers: 3 });
  await expect(prepareAdapter(other, base)).rejects.toThrow('the model has no tensor blk.2.attn_q.weight');
  await writeTinyAdapter(other, { ...SHAPE, rank: 128 });
  await expect(prepareAdapter(other, base)).rejects.toThrow('its rank is 128, at most 64 is served');
  await writeTinyModel(other);
  await expect(prepareAdapter(other, base)).rejects.toThrow('general.type must be adapter');
  await writeFile(other, 'nonsense');
  await expect(prepareAdapter(other, base)).rejects.toThrow('a GGUF file begins "GGUF"');
  await expect(prepareAdapter(join(folder, 'missing'), base)).rejects.toThrow(/ENOENT/);
});

test('nothing is left behind, whether it loads or not', async () => {
  vi.stubEnv('TMPDIR', await mkdtemp(join(folder, 'scratch-')));
  await load('clean', peft);
  await changeConfig({ r: 8 });
  await expect(prepareAdapter(peft, base)).rejects.toThrow();
  expect(await readdir(tmpdir())).toEqual([]);
  vi.unstubAllEnvs();
});
