import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLlamaModelFile } from './model.ts';
import { loadLibrary } from './native/library.ts';
import { writeTinyModel } from './tiny-model/tiny-model.ts';

test('loading tells how far it is, from little to all', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'model-'));
  try {
    const path = join(folder, 'model.gguf');
    await writeTinyModel(path, { layers: 4 });
    const told: number[] = [];
    const model = await openLlamaModelFile(loadLibrary(), { path, onProgress: (part) => told.push(part) });
    model.close();
    expect(told.length).toBeGreaterThan(4);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told[0]).toBeLessThan(0.5);
    expect(told.at(-1)).toBe(1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
