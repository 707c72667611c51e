import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CheckpointError } from '../checkpoint.ts';
import { decodeFloats } from '../floats.ts';
import { openTorchFile } from './torch-file.ts';
import { unpickle } from './unpickle.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'torch-file-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('a state dict gives its tensors, parameters and views into a storage alike', async () => {
  const checkpoint = await openTorchFile(join(FIXTURES, 'state-dict.bin'));
  const read = await Promise.all(
    [...checkpoint.tensors.values()].map(async (tensor) => ({
      name: tensor.name,
      shape: tensor.shape,
      type: tensor.type,
      values: [...decodeFloats(await tensor.read(), tensor.type)],
    })),
  );
  await checkpoint.close();
  expect(read).toEqual([
    { name: 'whole', shape: [2, 3], type: 'f32', values: [1, 2, 3, 4, 5, 6] },
    { name: 'part', shape: [2, 1], type: 'f32', values: [3, 4] },
    { name: 'halves', shape: [2], type: 'bf16', values: [1, -2] },
  ]);
});

test('code in a pickle is refused, not run', async () => {
  const harmful = openTorchFile(join(FIXTURES, 'harmful.bin'));
  await expect(harmful).rejects.toThrow(/harmful\.bin: weight is not a plain tensor/);
});

test('strided tensors are refused by name', async () => {
  const strided = openTorchFile(join(FIXTURES, 'strided.bin'));
  await expect(strided).rejects.toThrow('turned [3,2] is stored with strides [1,3]');
});

test('other files are refused with what was expected', async () => {
  const path = join(folder, 'other.bin');
  await writeFile(path, 'not a zip');
  await expect(openTorchFile(path)).rejects.toThrow('is not a zip archive');
});

test('a damaged file gives a CheckpointError or its tensors, nothing else', async () => {
  const whole = await readFile(join(FIXTURES, 'state-dict.bin'));
  const path = join(folder, 'damaged.bin');
  const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = Buffer.from(whole);
      for (const { at, byte } of changes) bytes[at] = byte;
      await writeFile(path, bytes);
      try {
        const checkpoint = await openTorchFile(path);
        for (const tensor of checkpoint.tensors.values()) await tensor.read();
        await checkpoint.close();
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    }),
    { numRuns: 300 },
  );
});

test('random bytes are no pickle', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        unpickle(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    }),
    { numRuns: 1000 },
  );
});
