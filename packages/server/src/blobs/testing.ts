import { readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlobStore } from './blob-store.ts';

export const bytes = (text: string): Uint8Array => Buffer.from(text);

export async function* chunksOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? bytes(part) : part;
}

async function* breakingAfter(text: string): AsyncGenerator<Uint8Array> {
  yield bytes(text);
  throw new Error('the connection broke');
}

export async function readText(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Whether this process has a file below a folder open; only Linux tells. */
export async function hasOpenFile(folder: string): Promise<boolean> {
  const numbers = await readdir('/proc/self/fd');
  const paths = await Promise.all(
    numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => '')),
  );
  return paths.some((path) => path.startsWith(`${folder}/`));
}

interface OpenedStore {
  readonly store: BlobStore;
  /** Whether parts of any size are kept, or only blocks of a size of the store's own. */
  readonly keepsEveryByte: boolean;
  close(): Promise<void>;
}

/** What every blob store must do. */
export function testBlobStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(`the blob store in ${name}`, () => {
    let opened: OpenedStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());
    testWholeBlobs(() => opened);
    testPartsAndFolders(() => opened);
  });
}

/** Blobs that are written in one go. */
function testWholeBlobs(opened: () => OpenedStore): void {
  test('gives back what was written, whole and in ranges', async () => {
    expect(await opened().store.write('m/acme/file one.txt', chunksOf('hello ', 'world'), 11)).toBe(11);
    expect(await readText(await opened().store.read('m/acme/file one.txt'))).toBe('hello world');
    const range = { fromByte: 6, toByte: 8 };
    expect(await readText(await opened().store.read('m/acme/file one.txt', range))).toBe('wor');
    expect(await opened().store.stat('m/acme/file one.txt')).toEqual({
      key: 'm/acme/file one.txt',
      sizeBytes: 11,
    });
  });

  test('takes empty blobs and content of unknown length', async () => {
    await opened().store.write('e/empty', chunksOf(), 0);
    expect(await opened().store.stat('e/empty')).toMatchObject({ sizeBytes: 0 });
    expect(await readText(await opened().store.read('e/empty'))).toBe('');
    expect(await opened().store.write('e/some', chunksOf('abc'), null)).toBe(3);
  });

  test('replaces a blob whole', async () => {
    await opened().store.write('r/x', chunksOf('a long first version'), null);
    await opened().store.write('r/x', chunksOf('second'), null);
    expect(await readText(await opened().store.read('r/x'))).toBe('second');
  });

  test.each([
    ['fewer', chunksOf('abc'), 4],
    ['more', chunksOf('abc', 'de'), 4],
    ['no', breakingAfter('abc'), 4],
  ])('keeps the old blob and nothing else when %s bytes come than announced', async (_, content, size) => {
    await opened().store.write('w/x', chunksOf('old'), 3);
    await expect(opened().store.write('w/x', content, size)).rejects.toThrow();
    expect(await readText(await opened().store.read('w/x'))).toBe('old');
    expect(await opened().store.list('w')).toEqual([{ key: 'w/x', sizeBytes: 3 }]);
  });
}

/** Uploads in parts, and blobs as a tree. */
function testPartsAndFolders(opened: () => OpenedStore): void {
  test('puts an upload in parts together, after breaks and repetitions', async () => {
    const total = 12 * 1024 * 1024;
    const whole = Buffer.alloc(total, 'abcdefg');
    const upload = (from: number, to: number) =>
      opened().store.append('p/x', chunksOf(whole.subarray(from, to)), { fromByte: from, totalBytes: total });
    const cut = 7 * 1024 * 1024 + 5;
    await upload(0, cut);
    const kept = await opened().store.keptBytes('p/x');
    if (opened().keepsEveryByte) expect(kept).toBe(cut);
    expect(kept).toBeLessThanOrEqual(cut);
    expect(await opened().store.stat('p/x')).toBeNull();
    await expect(upload(cut + 1, total)).rejects.toMatchObject({ code: 'gap' });
    expect(await upload(kept, total)).toBe(total);
    expect(await opened().store.keptBytes('p/x')).toBe(total);
    expect((await readText(await opened().store.read('p/x'))) === whole.toString()).toBe(true);
  });

  test('begins an upload in parts anew from byte 0', async () => {
    await opened().store.append('n/x', chunksOf('wrong'), { fromByte: 0, totalBytes: 9 });
    expect(await opened().store.append('n/x', chunksOf('rightword'), { fromByte: 0, totalBytes: 9 })).toBe(9);
    expect(await readText(await opened().store.read('n/x'))).toBe('rightword');
  });

  test('lists what lies below a prefix, and removes it', async () => {
    for (const key of ['l/a/2', 'l/a/1', 'l/ab/1', 'l/a/b/c'])
      await opened().store.write(key, chunksOf('x'), 1);
    await opened().store.append('l/a/part', chunksOf('x'), { fromByte: 0, totalBytes: 2 });
    expect((await opened().store.list('l/a')).map((blob) => blob.key)).toEqual(['l/a/1', 'l/a/2', 'l/a/b/c']);
    await opened().store.removeAll('l/a');
    await opened().store.removeAll('l/a');
    expect(await opened().store.list('l/a')).toEqual([]);
    expect(await opened().store.keptBytes('l/a/part')).toBe(0);
    expect((await opened().store.list('l')).map((blob) => blob.key)).toEqual(['l/ab/1']);
  });

  test('opens a prefix as a folder of files', async () => {
    await opened().store.write('f/a/config.json', chunksOf('{}'), 2);
    await opened().store.write('f/a/sub/x.txt', chunksOf('x'), 1);
    const scratch = join(tmpdir(), `sparkler-scratch-${process.pid}`);
    const path = await opened().store.openFolder('f/a', scratch, AbortSignal.timeout(10_000));
    expect(await readFile(join(path, 'config.json'), 'utf8')).toBe('{}');
    expect(await readFile(join(path, 'sub/x.txt'), 'utf8')).toBe('x');
  });

  test.each(['', '/x', 'a//b', '../x', 'a/../b', 'a/./b', 'a\\b', 'a\0', `a/${'x'.repeat(201)}`])(
    'refuses the key %j',
    async (key) => {
      await expect(opened().store.write(key, chunksOf('x'), 1)).rejects.toMatchObject({ code: 'bad-key' });
    },
  );

  test('says what is not there', async () => {
    expect(await opened().store.stat('q/none')).toBeNull();
    await expect(opened().store.read('q/none')).rejects.toMatchObject({ code: 'missing' });
  });
}
