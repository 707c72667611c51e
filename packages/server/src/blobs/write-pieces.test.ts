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

test.each([1, 2] as const)('pieces are made while others are written, %d at once', async (writesAtOnce) => {
  const size = 600_001;
  const used = new Set<ArrayBufferLike>();
  const written = new Map<number, number>();
  let ends: (() => void)[] = [];
  let made = 0;
  // Each write ends only when the test says so.
  const slow = {
    writev: async ([piece, ...others]: readonly Uint8Array[], position: number) => {
      await new Promise<void>((resolve) => ends.push(resolve));
      expect([others.length, piece!.at(-1)]).toEqual([0, piece![0]]);
      written.set(position / size, piece![0]!);
      return { bytesWritten: size };
    },
  } as unknown as FileHandle;
  async function* numbered(): AsyncGenerator<Uint8Array> {
    for (; made < 40; made += 1) {
      const piece = takeBuffer(size).fill(made);
      used.add(piece.buffer);
      yield piece;
    }
  }
  let isDone = false;
  const done = writePieces(slow, numbered(), 0, writesAtOnce).finally(() => {
    isDone = true;
  });
  const underWay = () => [ends.length, made];
  await vi.waitFor(() => expect(underWay()).toEqual([writesAtOnce, writesAtOnce]), { timeout: 30_000 });
  while (!isDone) {
    // The later one first.
    const ending = ends.reverse();
    ends = [];
    for (const end of ending) end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await done).toBe(40 * size);
  expect([...written].sort(([one], [other]) => one - other)).toEqual(
    Array.from({ length: 40 }, (_, index) => [index, index]),
  );
  expect(used.size).toBeLessThanOrEqual(writesAtOnce + 2);
});

test('a write that fails while another one is under way is told when both have ended', async () => {
  const writes: PromiseWithResolvers<{ bytesWritten: number }>[] = [];
  const file = {
    writev: () => {
      writes.push(Promise.withResolvers());
      return writes.at(-1)!.promise;
    },
  } as unknown as FileHandle;
  let isTold = false;
  const writing = writePieces(file, chunksOf(...[1, 2, 3].map(() => Buffer.alloc(600_000))), 0, 2);
  const told = expect(writing).rejects.toThrow('the disk broke');
  writing.catch(() => {
    isTold = true;
  });
  await vi.waitFor(() => expect(writes.length).toBe(2), { timeout: 30_000 });
  writes[0]!.reject(new Error('the disk broke'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isTold).toBe(false);
  writes[1]!.resolve({ bytesWritten: 600_000 });
  await told;
  expect(writes.length).toBe(2);
});
