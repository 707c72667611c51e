import { copyFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CheckpointError, type CheckpointType, ELEMENT_BYTES } from './checkpoint.ts';
import { openCheckpointFolder } from './open-checkpoint.ts';
import { openSafetensors } from './safetensors.ts';
import { writeSafetensors } from './write-safetensors.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});

afterAll(() => rm(folder, { recursive: true }));

function tensor(name: string, shape: number[], type: CheckpointType = 'f32') {
  const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[type]);
  return { name, shape, type, data: Uint8Array.from({ length: bytes }, (_, index) => index % 251) };
}

test('tensors of every type come back as they were written', async () => {
  const path = join(folder, 'all.safetensors');
  const written = Object.keys(ELEMENT_BYTES).map((type) => tensor(type, [3, 2], type as CheckpointType));
  await writeSafetensors(path, [...written, tensor('scalar', []), tensor('empty', [0, 4])]);
  const checkpoint = await openSafetensors(path);
  for (const { name, shape, type, data } of written) {
    const read = checkpoint.tensors.get(name)!;
    expect({ shape: read.shape, type: read.type, data: new Uint8Array(await read.read()) }).toEqual({
      shape,
      type,
      data,
    });
  }
  expect(checkpoint.tensors.get('scalar')?.shape).toEqual([]);
  await checkpoint.close();
});

test('what does not fit is refused by name', async () => {
  const path = join(folder, 'cut.safetensors');
  await writeSafetensors(path, [tensor('first', [2]), tensor('last', [50])]);
  await truncate(path, 250);
  await expect(openSafetensors(path)).rejects.toThrow(/last lies at 8 … 208, outside the file/);
  await writeFile(path, 'short');
  await expect(openSafetensors(path)).rejects.toThrow('5 bytes, too few');
  await writeFile(path, Buffer.alloc(64, 0xff));
  await expect(openSafetensors(path)).rejects.toThrow('claims a header of');
});

/** Writes a file with a header of our choice and 16 bytes of data. */
async function writeHeader(header: string): Promise<string> {
  const path = join(folder, 'made-up.safetensors');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  await writeFile(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(16)]));
  return path;
}

test('headers that are not what they should be are refused', async () => {
  const cases: [string, string][] = [
    ['[1]', 'not JSON: not an object'],
    ['{', 'not JSON'],
    ['{"x":5}', 'lacks dtype'],
    ['{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 'lacks dtype, shape'],
    ['{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', '[2] as F32 has 4 bytes, not 8'],
    ['{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}', 'outside the file'],
  ];
  for (const [header, message] of cases) {
    await expect(openSafetensors(await writeHeader(header)), header).rejects.toThrow(message);
  }
});

test('a type that is not supported is refused when the tensor is used', async () => {
  const path = await writeHeader('{"x":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}');
  const checkpoint = await openSafetensors(path);
  expect(() => checkpoint.tensors.get('x')?.type).toThrow('x is F8_E4M3, which is not supported');
  await checkpoint.close();
});

test('any header gives a CheckpointError or tensors, nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (header) => {
      try {
        await (await openSafetensors(await writeHeader(header))).close();
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    }),
    { numRuns: 200 },
  );
});

test('shards are one checkpoint; a missing one is named', async () => {
  const shards = join(folder, 'shards');
  await mkdir(shards);
  await writeSafetensors(join(shards, 'model-1.safetensors'), [tensor('a', [1])]);
  const map = { a: 'model-1.safetensors', b: 'model-2.safetensors' };
  const index = join(shards, 'model.safetensors.index.json');
  await writeFile(index, JSON.stringify({ weight_map: map }));
  await expect(openCheckpointFolder(shards, ['model'])).rejects.toThrow(
    'names model-2.safetensors, which is not there',
  );
  await writeSafetensors(join(shards, 'model-2.safetensors'), [tensor('b', [1])]);
  const checkpoint = await openCheckpointFolder(shards, ['model']);
  expect([...checkpoint.tensors.keys()]).toEqual(['a', 'b']);
  await checkpoint.close();
  await writeFile(index, JSON.stringify({ weight_map: { a: '../secret.safetensors' } }));
  await expect(openCheckpointFolder(shards, ['model'])).rejects.toThrow(
    'no usable weight_map (../secret.safetensors)',
  );
  await expect(openCheckpointFolder(folder, ['model'])).rejects.toThrow(
    'none of model.safetensors, model.bin',
  );
});

test('a folder with a PyTorch file instead is read as well, safetensors first', async () => {
  const torch = join(folder, 'torch');
  await mkdir(torch);
  await copyFile(
    join(import.meta.dirname, 'torch/fixtures/state-dict.bin'),
    join(torch, 'adapter_model.bin'),
  );
  const fromTorch = await openCheckpointFolder(torch, ['adapter_model']);
  expect([...fromTorch.tensors.keys()]).toEqual(['whole', 'part', 'halves']);
  await fromTorch.close();
  await writeSafetensors(join(torch, 'adapter_model.safetensors'), [tensor('a', [1])]);
  const fromSafetensors = await openCheckpointFolder(torch, ['adapter_model']);
  expect([...fromSafetensors.tensors.keys()]).toEqual(['a']);
  await fromSafetensors.close();
});
