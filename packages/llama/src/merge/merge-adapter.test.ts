import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAdapterFile } from '../adapter.ts';
import { openContext } from '../context.ts';
import { readGgufHeader } from '../gguf/reader.ts';
import { openLlamaModelFile } from '../model.ts';
import { loadLibrary } from '../native/library.ts';
import { quantizeModelFile } from '../quantize.ts';
import { writeTinyAdapter } from '../tiny-model/tiny-adapter.ts';
import { writeTinyModel } from '../tiny-model/tiny-model.ts';
import { addProduct } from './add-product.ts';
import { mergeAdapterFile } from './merge-adapter.ts';

const library = loadLibrary();
const tokens = [5, 80, 7, 120, 9, 10];
let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'merge-'));
  await writeTinyModel(at('base.gguf'));
  await writeTinyAdapter(at('adapter.gguf'), { rank: 4, alpha: 8 });
});
afterAll(() => rm(folder, { recursive: true }));

async function logitsOf(path: string, adapterPath: string | null): Promise<Float32Array> {
  const model = await openLlamaModelFile(library, { path });
  const context = await openContext(model, {
    cellsMax: 64,
    sequencesMax: 1,
    batchTokensMax: 16,
    threads: 1,
    cacheType: 'f32',
  });
  const adapter = adapterPath === null ? null : await openAdapterFile(model, adapterPath);
  if (adapter !== null) context.setAdapters([adapter]);
  for (const [row, token] of tokens.entries()) {
    context.batch.tokens[row] = token;
    context.batch.positions[row] = row;
    context.batch.slots[row] = 0;
    context.batch.outputs[row] = 1;
  }
  await context.decode(tokens.length);
  const logits = context.logits(tokens.length - 1).slice();
  context.close();
  adapter?.close();
  model.close();
  return logits;
}

function farthest(left: Float32Array, right: Float32Array): number {
  return left.reduce((worst, value, index) => Math.max(worst, Math.abs(value - right[index]!)), 0);
}

test('a merged model answers as its base with the adapter does, and otherwise than the base', async () => {
  await mergeAdapterFile({ base: at('base.gguf'), adapter: at('adapter.gguf'), target: at('merged.gguf') });
  const merged = await logitsOf(at('merged.gguf'), null);
  const adapted = await logitsOf(at('base.gguf'), at('adapter.gguf'));
  expect(farthest(merged, adapted)).toBeLessThan(1e-3);
  expect(farthest(merged, await logitsOf(at('base.gguf'), null))).toBeGreaterThan(0.1);
});

test('a quantized base is refused, and leaves no file behind', async () => {
  await writeTinyModel(at('wide.gguf'), { dim: 256, feedForward: 512 });
  await writeTinyAdapter(at('wide-adapter.gguf'), { dim: 256, feedForward: 512 });
  await quantizeModelFile(library, {
    source: at('wide.gguf'),
    target: at('q8.gguf'),
    to: 'Q8_0',
    threads: 1,
  });
  const merging = mergeAdapterFile({
    base: at('q8.gguf'),
    adapter: at('wide-adapter.gguf'),
    target: at('no.gguf'),
  });
  await expect(merging).rejects.toThrow('only f32, f16 and bf16');
  expect((await readdir(folder)).filter((name) => name.startsWith('no'))).toEqual([]);
});

test('an adapter for another model is refused', async () => {
  const merging = mergeAdapterFile({
    base: at('wide.gguf'),
    adapter: at('adapter.gguf'),
    target: at('no.gguf'),
  });
  await expect(merging).rejects.toThrow('shape');
  await writeFile(at('not.gguf'), 'nothing');
  await expect(readGgufHeader(at('not.gguf'))).rejects.toThrow();
});

test('the product is added row by row', () => {
  const weights = Float32Array.of(1, 2, 3, 4, 5, 6);
  addProduct(
    weights,
    Float32Array.of(1, 2),
    Float32Array.of(10, 20, 30),
    { outputs: 2, rank: 1, inputs: 3 },
    0.5,
  );
  expect([...weights]).toEqual([6, 12, 18, 14, 25, 36]);
});
