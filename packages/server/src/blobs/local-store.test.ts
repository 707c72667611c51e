import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLocalStore } from './local-store.ts';
import { bytes, chunksOf, testBlobStore } from './testing.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-blobs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

testBlobStore('a local folder', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sparkler-blobs-'));
  const store = await openLocalStore(root);
  return { store, keepsEveryByte: true, close: () => rm(root, { recursive: true, force: true }) };
});

describe('a local folder', () => {
  const filesOf = async (name: string) =>
    (await readdir(join(folder, name), { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );

  test('holds no file, whole or partial, after a write that fails', async () => {
    const store = await openLocalStore(folder);
    const failing = (async function* () {
      yield bytes('abc');
      throw new Error('the connection broke');
    })();
    await expect(store.write('m/a/f', failing, 10)).rejects.toThrow('broke');
    expect(await filesOf('objects')).toEqual([]);
    expect(await filesOf('partial')).toEqual([]);
  });

  test('forgets what a process that died was writing, and keeps uploads in parts', async () => {
    const first = await openLocalStore(folder);
    await first.append('m/a/f', chunksOf('abc'), { fromByte: 0, totalBytes: 6 });
    await writeFile(join(folder, 'partial', '~left'), 'x');
    const second = await openLocalStore(folder);
    expect((await filesOf('partial')).map((entry) => entry.name)).toEqual(['f']);
    expect(await second.keptBytes('m/a/f')).toBe(3);
  });

  test('refuses a file that the disk has no room for before reading any of it', async () => {
    const store = await openLocalStore(folder);
    let wasRead = false;
    const content = (async function* () {
      wasRead = true;
      yield bytes('x');
    })();
    const writing = store.write('m/a/f', content, Number.MAX_SAFE_INTEGER);
    await expect(writing).rejects.toMatchObject({ code: 'no-space' });
    expect(wasRead).toBe(false);
  });
});
