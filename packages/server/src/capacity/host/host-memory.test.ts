import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimateReplicaMemory } from './estimate-memory.ts';
import { formatBytes } from './format-bytes.ts';
import { HostRoom } from './host-room.ts';
import { planHostRoom } from './plan-host-room.ts';
import { type ModelShape, readModelShape } from './read-model-shape.ts';

const smollm: ModelShape = {
  weightBytes: 98_362_432,
  cellBytes: 30 * 3 * (64 + 64) * 2,
  vocabulary: 49_152,
  width: 576,
  innerWidth: 1_536,
};
const question = { models: [smollm], cells: 8_192, batchTokens: 512, sequences: 16 };

describe('what a replica needs', () => {
  test('is told with its parts', () => {
    expect(estimateReplicaMemory(question).arithmetic).toBe(
      '586 MB (98.4 MB weights + 8192 cells x 23 KB = 189 MB cache + 299 MB scratch)',
    );
    expect(estimateReplicaMemory({ ...question, models: [] }).arithmetic).toBe('101 MB (101 MB scratch)');
  });

  test('grows with weights, cells, rows and draft models, and never shrinks', () => {
    const size = fc.integer({ min: 0, max: 1e9 });
    const shape = fc.record({
      weightBytes: size,
      cellBytes: fc.integer({ min: 0, max: 1e6 }),
      vocabulary: fc.integer({ min: 0, max: 300_000 }),
      width: fc.integer({ min: 0, max: 20_000 }),
      innerWidth: fc.integer({ min: 0, max: 80_000 }),
    });
    const asked = fc.record({
      models: fc.array(shape, { maxLength: 2 }),
      cells: fc.integer({ min: 256, max: 1e6 }),
      batchTokens: fc.integer({ min: 16, max: 4_096 }),
      sequences: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(asked, shape, fc.integer({ min: 0, max: 1e6 }), (base, draft, more) => {
        const { bytes } = estimateReplicaMemory(base);
        const cells = base.models.reduce((sum, model) => sum + model.cellBytes, 0);
        const withMore = estimateReplicaMemory({ ...base, cells: base.cells + more }).bytes;
        expect(withMore - bytes).toBe(more * cells);
        const drafted = estimateReplicaMemory({ ...base, models: [...base.models, draft] }).bytes;
        expect(drafted - bytes).toBeGreaterThanOrEqual(draft.weightBytes + base.cells * draft.cellBytes);
        expect(
          estimateReplicaMemory({ ...base, batchTokens: base.batchTokens + 16 }).bytes,
        ).toBeGreaterThanOrEqual(bytes);
      }),
    );
  });
});

describe('room on a host', () => {
  const need = { bytes: 600e6, arithmetic: '600 MB (…)' };

  test('is what is available, less what is kept and what is promised and not yet taken', () => {
    const promises = [
      { replica: 'a', bytes: 600e6, usedBytes: 200e6 },
      { replica: 'b', bytes: 600e6, usedBytes: 700e6 },
    ];
    const now = { givenBytes: null, totalBytes: 10e9, availableBytes: 2e9, promises };
    expect(planHostRoom(need, 1, now)).toEqual({ fits: 1, reason: null });
    expect(planHostRoom(need, 3, now)).toEqual({
      fits: 1,
      reason:
        'this host: 2 replicas need each 600 MB (…), and 2 GB available - 500 MB kept for others' +
        ' - 400 MB promised to 1 replica - 600 MB for 1 of its replicas = 500 MB is free',
    });
  });

  test('is what the operator gives, less all promises; what can never fit is told so', () => {
    const promises = [{ replica: 'a', bytes: 600e6, usedBytes: 600e6 }];
    const now = { totalBytes: 10e9, availableBytes: 9e9, promises };
    expect(planHostRoom(need, 1, { ...now, givenBytes: 1e9 })).toEqual({
      fits: 0,
      reason:
        'this host: a replica needs 600 MB (…), and 1 GB for replicas - 600 MB promised to 1 replica = 400 MB is free',
    });
    expect(planHostRoom(need, 1, { ...now, givenBytes: 500e6, promises: [] })).toEqual({
      fits: 0,
      reason:
        'this host: a replica needs 600 MB (…), and 500 MB for replicas = 500 MB is free; ' +
        'it can never fit here: there is 500 MB in all',
      canEverFit: false,
    });
  });

  test('is never promised twice, whatever comes and goes', () => {
    const step = fc.record({
      replica: fc.integer({ min: 0, max: 9 }).map(String),
      bytes: fc.integer({ min: 1, max: 400 }),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const room = new HostRoom({
          givenBytes: 1_000,
          readMemory: () => ({ totalBytes: 5_000, availableBytes: 0, limitBytes: null }),
          readUsedBytes: () => 0,
        });
        const alive = new Map<string, number>();
        for (const { replica, bytes, ends } of steps) {
          if (ends) {
            room.note([{ id: replica, pid: null, state: 'exited' }]);
            alive.delete(replica);
          } else if (!alive.has(replica)) {
            const memory = { bytes, arithmetic: '' };
            const free = 1_000 - [...alive.values()].reduce((sum, held) => sum + held, 0);
            expect(room.preview(memory, 5).fits).toBe(Math.min(Math.floor(free / bytes), 5));
            expect(room.take(replica, memory)).toBe(bytes <= free);
            if (bytes <= free) alive.set(replica, bytes);
          }
          expect(
            room
              .list()
              .map((promise) => promise.replica)
              .sort(),
          ).toEqual([...alive.keys()].sort());
        }
      }),
    );
  });

  test('counts what a replica has taken by its process, or by its word where the system does not tell', () => {
    let used: number | null = 250;
    const room = new HostRoom({
      givenBytes: 0,
      readMemory: () => ({ totalBytes: 1_000, availableBytes: 900, limitBytes: null }),
      readUsedBytes: () => used,
    });
    const fits = () => room.preview({ bytes: 1, arithmetic: '' }, 1_000).fits;
    expect(room.take('a', { bytes: 400, arithmetic: '' })).toBe(true);
    expect(fits()).toBe(900 - 50 - 400);
    room.note([{ id: 'a', pid: 7, state: 'starting' }]);
    expect(fits()).toBe(900 - 50 - 150);
    used = null;
    expect(fits()).toBe(900 - 50 - 400);
    room.note([{ id: 'a', pid: 7, state: 'ready' }]);
    expect(fits()).toBe(900 - 50);
  });
});

test('a trainer sees what nobody has or was promised, whatever replicas were given', () => {
  const room = new HostRoom({
    givenBytes: 1_000,
    readMemory: () => ({ totalBytes: 10e9, availableBytes: 4e9, limitBytes: null }),
    readUsedBytes: () => 200,
  });
  expect(room.take('a', { bytes: 700, arithmetic: '' })).toBe(true);
  room.note([{ id: 'a', pid: 7, state: 'ready' }]);
  expect(room.readFree()).toMatchObject({
    freeBytes: 4e9 - 0.5e9 - 500,
    arithmetic: '4 GB available - 500 MB kept for others - 500 B promised to 1 replica',
  });
});

describe('the shape of a model', () => {
  async function read(bytes: Buffer): Promise<ModelShape | null> {
    const folder = await mkdtemp(join(tmpdir(), 'sparkler-shape-'));
    try {
      await writeFile(join(folder, 'm.gguf'), bytes);
      return await readModelShape(join(folder, 'm.gguf'));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test('is read from its file, with heads a layer too', async () => {
    const plain = gguf({ block_count: 2, embedding_length: 64, feed_forward_length: 256 }, { head_count: 4 });
    expect(await read(plain)).toEqual({
      weightBytes: plain.length,
      cellBytes: 2 * 4 * (16 + 16) * 2,
      vocabulary: 3,
      width: 64,
      innerWidth: 256,
    });
    const layered = gguf(
      { block_count: 2, embedding_length: 64 },
      { head_count: 4, head_count_kv: [2, 1], key_length: 8, value_length: 24 },
    );
    expect(await read(layered)).toMatchObject({ cellBytes: 3 * (8 + 24) * 2, innerWidth: 256 });
  });

  test('of a file in Q4_1 has room for the layout that processors get', async () => {
    const of = async (fileType: number, width: number) => {
      const file = gguf({ block_count: 2, embedding_length: width }, { head_count: 4 }, fileType);
      return (await read(file))!.weightBytes / file.length;
    };
    expect(await of(2, 576)).toBe(1);
    expect(await of(3, 576)).toBeCloseTo(1.46, 2);
    expect(await of(3, 4_096)).toBeCloseTo(1.13, 2);
  });

  test('is unknown of files that are none, are cut, or do not say', async () => {
    expect(await read(Buffer.from('not a model'))).toBeNull();
    expect(
      await read(gguf({ block_count: 2, embedding_length: 64 }, { head_count: 4 }).subarray(0, 60)),
    ).toBeNull();
    expect(await read(gguf({ block_count: 2 }, {}))).toBeNull();
  });
});

test('bytes are told in three digits', () => {
  expect([0, 999, 1_000, 98_362_432, 1.5e9, 2e15].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1 KB',
    '98.4 MB',
    '1.5 GB',
    '2000 TB',
  ]);
});

/** A GGUF file without tensors: numbers below the architecture, and a vocabulary of three words. */
function gguf(
  own: Record<string, number>,
  attention: Record<string, number | number[]>,
  fileType = 0,
): Buffer {
  const uint32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const uint64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
  const text = (value: string) => Buffer.concat([uint64(Buffer.byteLength(value)), Buffer.from(value)]);
  const list = (type: number, items: Buffer[]) => [uint32(9), uint32(type), uint64(items.length), ...items];
  const number = (key: string, value: number | number[]) =>
    Buffer.concat([
      text(key),
      ...(Array.isArray(value) ? list(4, value.map(uint32)) : [uint32(4), uint32(value)]),
    ]);
  const pairs = [
    Buffer.concat([text('general.architecture'), uint32(8), text('llama')]),
    number('general.file_type', fileType),
    ...Object.entries(own).map(([key, value]) => number(`llama.${key}`, value)),
    ...Object.entries(attention).map(([key, value]) => number(`llama.attention.${key}`, value)),
    Buffer.concat([text('tokenizer.ggml.tokens'), ...list(8, ['a', 'b', 'c'].map(text))]),
  ];
  return Buffer.concat([Buffer.from('GGUF'), uint32(3), uint64(0), uint64(pairs.length), ...pairs]);
}
