import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGgufHeader } from './gguf/reader.ts';
import { openLlamaModelFile } from './model.ts';
import { loadLibrary } from './native/library.ts';
import { quantizeModelFile } from './quantize.ts';
import { writeTinyModel } from './tiny-model/tiny-model.ts';

const library = loadLibrary();
let folder: string;
let source: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quantize-'));
  source = join(folder, 'source.gguf');
  await writeTinyModel(source, { dim: 256, feedForward: 512 });
});

afterAll(() => rm(folder, { recursive: true }));

async function typesOf(path: string): Promise<Record<string, string>> {
  const { tensors } = await readGgufHeader(path);
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, tensor.type.name]));
}

test('matrices get the type asked for, norms stay whole, and the file loads', async () => {
  const target = join(folder, 'q8.gguf');
  const { bytes } = await quantizeModelFile(library, { source, target, to: 'Q8_0', threads: 1 });
  const types = await typesOf(target);
  expect(types['blk.0.attn_q.weight']).toBe('q8_0');
  expect(types['blk.0.attn_norm.weight']).toBe('f32');
  expect(bytes / (await stat(source)).size).toBeCloseTo(34 / 128, 1);
  const model = await openLlamaModelFile(library, { path: target });
  expect(model.description).toContain('Q8_0');
  model.close();
});

test('a mixed type keeps the important matrices larger', async () => {
  const target = join(folder, 'q4.gguf');
  await quantizeModelFile(library, { source, target, to: 'Q4_K_M', threads: 1 });
  const types = await typesOf(target);
  expect(types['blk.0.attn_q.weight']).toBe('q4_K');
  expect(types['output.weight']).toBe('q6_K');
});

test('quantizing twice is refused unless allowed, and leaves nothing behind', async () => {
  const once = join(folder, 'once.gguf');
  await quantizeModelFile(library, { source, target: once, to: 'Q8_0', threads: 1 });
  const target = join(folder, 'twice.gguf');
  const again = { source: once, target, to: 'Q4_0', threads: 1 } as const;
  await expect(quantizeModelFile(library, again)).rejects.toThrow(/requantizing from type q8_0 is disabled/);
  expect((await readdir(folder)).filter((name) => name.startsWith('twice'))).toEqual([]);
  await quantizeModelFile(library, { ...again, allowRequantize: true });
  expect((await typesOf(target))['blk.0.attn_q.weight']).toBe('q4_0');
});
