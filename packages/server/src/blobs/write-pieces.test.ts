import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { takeBuffer } from './recycled-buffers.ts';
import { chunksOf } from './testing.ts';
import { writePieces } from './write-pieces.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-write-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('pieces of any size come into the file in order, behind what is there', async () => {
  const pieces = [3, 0, 700_000, 12, 65_536, 65_536, 1, 2_000_000, 16].map((size) => randomBytes(size));
  const path = join(folder, 'order');
  const file = await open(path, 'w');
  await file.write('head');
  expect(await writePieces(file, chunksOf(...pieces), 4)).toBe(4 + Buffer.concat(pieces).length);
  await file.close();
  expect((await readFile(path)).equals(Buffer.concat([Buffer.from('head'), ...pieces]))).toBe(true);
});

test('a piece is on the disk before the next one comes', async () => {
  const path = join(folder, 'slow');
  const file = await open(path, 'w');
  async function* slow(): AsyncGenerator<Uint8Array> {
    for (const text of ['one ', 'two ']) {
      yield Buffer.from(text);
      await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toContain(text), { timeout: 30_000 });
    }
    throw new Error('broke off');
  }
  await expect(writePieces(file, slow(), 0)).rejects.toThrow('broke off');
  await file.close();
  expect(await readFile(path, 'utf8')).toBe('one two ');
});

test('what can not be written is told, and ends the reading', async () => {
  const file = await open(join(folder, 'slow'), 'r');
  let came = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      came += 1;
      yield randomBytes(65_536);
    }
  }
  await expect(writePieces(file, endless(), 0)).rejects.toMatchObject({ code: 'EBADF' });
  expect(came).toBeLessThan(20);
  await file.close();
});

test('the next piece is made while one is being written, in memory of those that were', async () => {
  const size = 600_001;
  const used = new Set<ArrayBufferLike>();
  const written: number[] = [];
  let ends: (() => void)[] = [];
  let made = 0;
  // Each write ends only when the test says so.
  const slow = {
    writev: async (batch: readonly Uint8Array[]) => {
      await new Promise<void>((resolve) => ends.push(resolve));
      for (const piece of batch) written.push(piece[0] === piece.at(-1) ? piece[0]! : -1);
      return { bytesWritten: batch.length * size };
    },
  } as unknown as FileHandle;
  async function* numbered(): AsyncGenerator<Uint8Array> {
    for (; made < 40; made += 1) {
      const piece = takeBuffer(size).fill(made);
      used.add(piece.buffer);
      yield piece;
    }
  }
  const writing = writePieces(slow, numbered(), 0);
  await vi.waitFor(() => expect([ends.length, made]).toEqual([1, 1]), { timeout: 30_000 });
  let isDone = false;
  const done = writing.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const [ending] = [ends];
    ends = [];
    for (const end of ending) end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await done).toBe(40 * size);
  expect(written).toEqual(Array.from({ length: 40 }, (_, index) => index));
  expect(used.size).toBeLessThanOrEqual(3);
});
