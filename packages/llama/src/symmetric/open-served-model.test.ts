import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openAdapterFile } from '../adapter.ts';
import { openContext } from '../context.ts';
import { convertModelFolder } from '../convert/convert-model.ts';
import { checkModelFile } from '../gguf/check-model.ts';
import { type LlamaModel, openLlamaModelFile } from '../model.ts';
import { loadLibrary } from '../native/library.ts';
import { quantizeModelFile } from '../quantize.ts';
import { writeTinyAdapter } from '../tiny-model/tiny-adapter.ts';
import { writeTinyCheckpoint } from '../tiny-model/tiny-checkpoint.ts';
import { writeTinyModel } from '../tiny-model/tiny-model.ts';
import { openServedModel } from './open-served-model.ts';
import { findAffineMatrices, writeSymmetricCopy } from './write-symmetric-copy.ts';

const TOKENS = [5, 60, 7, 100, 33, 250, 12, 90, 41, 8, 77, 200];
/** Kernels round activations to 8 bits, each in its own way. */
const ROUNDING = 0.04;
const library = loadLibrary({ backend: 'cpu' });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'symmetric-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Logits of every position, from one batch, and from one row a call. */
async function computeLogits(model: LlamaModel, adapterPath?: string) {
  const adapter = adapterPath === undefined ? null : await openAdapterFile(model, adapterPath);
  const context = await openContext(model, {
    cellsMax: 256,
    sequencesMax: 2,
    batchTokensMax: 64,
    threads: 1,
  });
  if (adapter !== null) context.setAdapters([adapter], 0.5);
  const compute = async (tokens: readonly number[], from: number): Promise<number[]> => {
    for (const [row, token] of tokens.entries()) {
      context.batch.tokens[row] = token;
      context.batch.positions[row] = from + row;
      context.batch.slots[row] = 0;
      context.batch.outputs[row] = 1;
    }
    expect(await context.decode(tokens.length)).toBe('ok');
    return tokens.flatMap((_, row) => [...context.logits(row)]);
  };
  const together = await compute(TOKENS, 0);
  context.clearSequences();
  const single: number[] = [];
  for (const [position, token] of TOKENS.entries()) single.push(...(await compute([token], position)));
  context.close();
  adapter?.close();
  return { together, single };
}

/** Root mean square of the difference over that of the values. */
function relativeError(found: readonly number[], expected: readonly number[]): number {
  const square = (values: readonly number[]) => values.reduce((sum, value) => sum + value ** 2, 0);
  return Math.sqrt(square(found.map((value, at) => value - expected[at]!)) / square(expected));
}

const CLASSES = [
  'LlamaForCausalLM',
  'MistralForCausalLM',
  'Qwen2ForCausalLM',
  'Qwen3ForCausalLM',
  'GemmaForCausalLM',
  'Gemma2ForCausalLM',
  'Gemma3ForCausalLM',
  'Phi3ForCausalLM',
];

async function quantizeTiny(className: string): Promise<string> {
  const place = join(folder, className);
  await writeTinyCheckpoint(place, { className });
  const [source, target] = [`${place}.gguf`, `${place}.q4_1.gguf`];
  await convertModelFolder({ folder: place, target: source });
  await quantizeModelFile(library, { source, target, to: 'Q4_1', threads: 1 });
  return target;
}

const hasKernels = /\b(AVX2|DOTPROD|MATMUL_INT8) = 1\b/.test(library.system.systemInfo());

test.each(CLASSES)('%s computes what the stored weights say', async (className) => {
  const path = await quantizeTiny(className);
  const file = await checkModelFile(path);
  expect(findAffineMatrices(file).length).toBeGreaterThan(5);
  const stored = await openLlamaModelFile(library, { path });
  const expected = await computeLogits(stored);
  stored.close();
  const { model, repackProblem } = await openServedModel(library, file, { path });
  expect(repackProblem).toBeNull();
  expect(model.path).toBe(path);
  expect(model.correction !== null).toBe(hasKernels);
  const found = await computeLogits(model);
  model.close();
  expect(relativeError(found.together, expected.together)).toBeLessThan(ROUNDING);
  expect(relativeError(found.single, expected.single)).toBeLessThan(ROUNDING);
  // Without the offsets it is another model.
  const copy = { model: `${path}.symmetric`, correction: `${path}.offsets` };
  await writeSymmetricCopy(path, file, copy);
  const bare = await openLlamaModelFile(library, { path: copy.model });
  const wrong = await computeLogits(bare);
  bare.close();
  expect(relativeError(wrong.together, expected.together)).toBeGreaterThan(2 * ROUNDING);
});

async function writeAffineModel(name: string): Promise<string> {
  const [source, path] = [join(folder, `${name}.f32.gguf`), join(folder, `${name}.gguf`)];
  await writeTinyModel(source);
  await quantizeModelFile(library, { source, target: path, to: 'Q4_1', threads: 1 });
  return path;
}

test('adapters are added to corrected weights as to stored ones', async () => {
  const path = await writeAffineModel('with-adapter');
  const adapterPath = join(folder, 'adapter.gguf');
  await writeTinyAdapter(adapterPath);
  const stored = await openLlamaModelFile(library, { path });
  const [base, expected] = [await computeLogits(stored), await computeLogits(stored, adapterPath)];
  stored.close();
  const { model } = await openServedModel(library, await checkModelFile(path), { path });
  const found = await computeLogits(model, adapterPath);
  model.close();
  expect(relativeError(found.single, expected.single)).toBeLessThan(ROUNDING);
  expect(relativeError(base.single, expected.single)).toBeGreaterThan(2 * ROUNDING);
});

test('without repacking, and with nothing to gain, the file itself is opened', async () => {
  const affine = await writeAffineModel('mapped');
  const plain = join(folder, 'mapped.f32.gguf');
  for (const options of [{ path: affine, repack: false }, { path: plain }]) {
    const { model, repackProblem } = await openServedModel(
      library,
      await checkModelFile(options.path),
      options,
    );
    expect({ correction: model.correction, repackProblem }).toEqual({
      correction: null,
      repackProblem: null,
    });
    model.close();
  }
});

test('a full or missing folder for temporary files costs speed, not the model', async () => {
  const path = await writeAffineModel('no-room');
  vi.stubEnv('TMPDIR', join(folder, 'nowhere'));
  try {
    const { model, repackProblem } = await openServedModel(library, await checkModelFile(path), { path });
    expect(model.correction).toBeNull();
    expect(repackProblem).toMatch(/slower in batches: ENOENT/);
    model.close();
  } finally {
    vi.unstubAllEnvs();
  }
});

test('nothing is left of the copy once it is open', async () => {
  const path = await writeAffineModel('tidy');
  const scratch = await mkdtemp(join(folder, 'scratch-'));
  vi.stubEnv('TMPDIR', scratch);
  try {
    const parts: number[] = [];
    const seen: string[] = [];
    const onProgress = (part: number) => {
      parts.push(part);
      seen.push(...readdirSync(scratch));
    };
    const { model } = await openServedModel(library, await checkModelFile(path), { path, onProgress });
    expect(await readdir(scratch)).toEqual([]);
    // A process that is killed on the way leaves nothing either.
    if (process.platform === 'linux') expect(seen).toEqual([]);
    expect(parts).toEqual(parts.toSorted((left, right) => left - right));
    expect(parts.at(-1)).toBe(1);
    model.close();
    expect(() => model.pointer).toThrow(/closed/);
  } finally {
    vi.unstubAllEnvs();
  }
});
