import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAdapterFile } from './adapter.ts';
import { type CacheType, type ContextOptions, type LlamaContext, openContext } from './context.ts';
import { type LlamaModel, openLlamaModelFile } from './model.ts';
import { loadLibrary } from './native/library.ts';
import { writeTinyAdapter } from './tiny-model/tiny-adapter.ts';
import { type TinyModelOptions, writeTinyModel } from './tiny-model/tiny-model.ts';

const BASE = { cellsMax: 256, sequencesMax: 2, batchTokensMax: 16, threads: 1 };
let folder: string;
let model: LlamaModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-'));
  // Heads of 32: a multiple of the block size of quantized caches.
  await writeTinyModel(join(folder, 'model.gguf'), { dim: 128 });
  model = await openLlamaModelFile(loadLibrary(), { path: join(folder, 'model.gguf') });
});

afterAll(async () => {
  model.close();
  await rm(folder, { recursive: true });
});

async function openTiny(options: TinyModelOptions): Promise<LlamaModel> {
  const path = join(folder, 'exact.gguf');
  await writeTinyModel(path, options);
  return openLlamaModelFile(loadLibrary(), { path });
}

/** Fills the batch with one sequence, all rows wanted. */
function fill(context: LlamaContext, tokens: readonly number[], slot = 0): number {
  for (const [row, token] of tokens.entries()) {
    context.batch.tokens[row] = token;
    context.batch.positions[row] = row;
    context.batch.slots[row] = slot;
    context.batch.outputs[row] = 1;
  }
  return tokens.length;
}

test('more sequences than rows of a batch do not end the process', async () => {
  const context = await openContext(model, { ...BASE, sequencesMax: 64, batchTokensMax: 4 });
  expect(context.batch.rowsMax).toBe(64);
  expect(await context.decode(fill(context, [1, 2, 3, 4]))).toBe('ok');
  context.close();
});

test('pooled contexts of any size compute, also where rows do not divide among the sequences', async () => {
  for (const pooling of ['mean', 'cls', 'last'] as const) {
    for (const [sequencesMax, batchTokensMax, microBatchTokensMax] of [
      [32, 16, 16],
      [7, 20, 20],
      [5, 100, 4],
      [3, 8, 8],
      [1, 1, 1],
    ] as const) {
      const options = {
        cellsMax: batchTokensMax,
        sequencesMax,
        batchTokensMax,
        microBatchTokensMax,
        threads: 1,
      };
      const context = await openContext(model, { ...options, pooling });
      await context.decode(fill(context, [1, 2, 3, 4].slice(0, batchTokensMax)));
      expect(context.sequenceEmbedding(0, model.embeddingSize).every(Number.isFinite)).toBe(true);
      context.close();
    }
  }
});

test('every type of cache takes the room of its type and gives nearly the same logits', async () => {
  const tokens = [5, 6, 7, 8, 9, 10];
  const run = async (cacheType: CacheType): Promise<{ logits: Float32Array; stateBytes: number }> => {
    const context = await openContext(model, { ...BASE, cacheType });
    await context.decode(fill(context, tokens));
    const result = { logits: context.logits(5).slice(), stateBytes: context.sequenceStateSize(0) };
    context.close();
    return result;
  };
  const plain = await run('f32');
  for (const [type, share, tolerance] of [
    ['f16', 0.5, 0.01],
    ['bf16', 0.5, 0.05],
    ['q8_0', 0.27, 0.1],
    ['q4_0', 0.14, 1],
  ] as const) {
    const { logits, stateBytes } = await run(type);
    const squares = plain.logits.reduce((sum, value, index) => sum + (value - logits[index]!) ** 2, 0);
    expect(Math.sqrt(squares / logits.length), type).toBeLessThan(tolerance);
    expect(stateBytes / plain.stateBytes, type).toBeCloseTo(share, 1);
  }
});

test('without flash attention an f32 cache gives the logits of the definition; with it they are rounded', async () => {
  const exact = await openTiny({ type: 'f32' });
  const tokens = Array.from({ length: 48 }, (_, index) => (index * 53 + 7) % 256);
  const run = async (options: Partial<ContextOptions>): Promise<Float32Array> => {
    const context = await openContext(exact, { ...BASE, batchTokensMax: 48, ...options });
    await context.decode(fill(context, tokens));
    const logits = Float32Array.from(tokens.flatMap((_, row) => [...context.logits(row)]));
    context.close();
    return logits;
  };
  const largest = (a: Float32Array, b: Float32Array): number =>
    a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0);
  const plain = await run({ cacheType: 'f32', flashAttention: 'off' });
  const flash = await run({ cacheType: 'f32', flashAttention: 'on' });
  const auto = await run({ cacheType: 'f32' });
  expect(largest(flash, auto)).toBe(0);
  expect(largest(plain, flash)).toBeGreaterThan(1e-3);
  // The cache in 16 bits rounds as much again by itself.
  expect(largest(plain, await run({ cacheType: 'f16', flashAttention: 'off' }))).toBeGreaterThan(1e-4);
  await expect(run({ cacheType: 'q8_0', flashAttention: 'off' })).rejects.toThrow('needs flash attention');
  exact.close();
});

test('logits of a batch are those of each row alone, also after larger and smaller batches', async () => {
  const context = await openContext(model, BASE);
  const alone: Float32Array[] = [];
  for (const length of [1, 2, 3]) {
    context.clearSequences();
    await context.decode(fill(context, [11, 12, 13].slice(0, length)));
    alone.push(context.logits(length - 1).slice());
  }
  for (const length of [3, 1, 2, 3]) {
    context.clearSequences();
    await context.decode(fill(context, [11, 12, 13].slice(0, length)));
    for (let row = 0; row < length; row++) {
      const logits = context.logits(row);
      for (const [token, value] of logits.entries()) expect(value).toBeCloseTo(alone[row]![token]!, 3);
    }
  }
  context.close();
});

test('impossible sizes are refused by name', async () => {
  await expect(openContext(model, { ...BASE, sequencesMax: 257 })).rejects.toThrow('sequencesMax must be');
  await expect(openContext(model, { ...BASE, cellsMax: 0 })).rejects.toThrow('cellsMax must be');
  await expect(openContext(model, { ...BASE, threads: 0.5 })).rejects.toThrow('threads must be');
});

test('a model or an adapter in use is not freed under its users', async () => {
  await writeTinyAdapter(join(folder, 'adapter.gguf'), { dim: 128 });
  const own = await openLlamaModelFile(model.library, { path: join(folder, 'model.gguf') });
  const context = await openContext(own, BASE);
  const adapter = await openAdapterFile(own, join(folder, 'adapter.gguf'));
  expect(() => own.close()).toThrow('in use by 2 contexts or adapters');
  context.close();
  expect(() => context.logits(0)).toThrow('this context is closed');
  adapter.close();
  own.close();
  expect(() => own.pointer).toThrow('is closed');
  own.close();
});

test('loading reports its progress up to the end', async () => {
  const seen: number[] = [];
  const other = await openLlamaModelFile(model.library, {
    path: join(folder, 'model.gguf'),
    onProgress: (progress) => seen.push(progress),
  });
  other.close();
  expect(seen.at(-1)).toBe(1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test('a file that is no model is refused with llama.cpp’s reason', async () => {
  const path = join(folder, 'missing.gguf');
  await expect(openLlamaModelFile(model.library, { path })).rejects.toThrow(
    /cannot load the model .*missing\.gguf.*No such file/,
  );
});
