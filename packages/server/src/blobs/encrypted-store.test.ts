import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BlobStore } from './blob-store.ts';
import { chunkBytes } from './chunk-cipher.ts';
import { createEncryptedStore } from './encrypted-store.ts';
import { openKeyFile } from './key-file.ts';
import { openLocalStore } from './local-store.ts';
import { bytes, chunksOf, readText, testBlobStore } from './testing.ts';

const keys = new Map<string, Uint8Array>();
const keyOf = async (account: string) => {
  const key = keys.get(account) ?? randomBytes(32);
  keys.set(account, key);
  return key;
};

testBlobStore('a local folder, encrypted', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sparkler-blobs-'));
  const store = createEncryptedStore(await openLocalStore(root), keyOf);
  return { store, keepsEveryByte: true, close: () => rm(root, { recursive: true, force: true }) };
});

describe('an encrypted store', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sparkler-blobs-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Every file below the folder, one after the other. */
  async function readDisk(): Promise<Buffer> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return Buffer.concat(await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name)))));
  }

  test('leaves nothing of the content on the disk, whole or in parts', async () => {
    const store = createEncryptedStore(await openLocalStore(folder), keyOf);
    const secret = 'the quick brown fox'.repeat(20_000);
    await store.write('models/acme/m/x', chunksOf(secret), null);
    const part = { fromByte: 0, totalBytes: secret.length };
    await store.append('models/acme/m/part', chunksOf(secret.slice(0, 200_000)), part);
    expect((await readDisk()).includes('quick brown')).toBe(false);
    expect((await readDisk()).length).toBeGreaterThan(secret.length);
    expect(await readText(await store.read('models/acme/m/x'))).toBe(secret);
  });

  test('gives any range of any size', async () => {
    const store = createEncryptedStore(await openLocalStore(folder), keyOf);
    const size = 3 * chunkBytes + 17;
    const content = randomBytes(size);
    await store.write('models/acme/r/x', chunksOf(content.subarray(0, 1000), content.subarray(1000)), size);
    const edges = fc.constantFrom(0, 1, chunkBytes - 1, chunkBytes, chunkBytes + 1, 2 * chunkBytes, size - 1);
    await fc.assert(
      fc.asyncProperty(fc.oneof(edges, fc.nat(size - 1)), fc.oneof(edges, fc.nat(size - 1)), async (a, b) => {
        const range = { fromByte: Math.min(a, b), toByte: Math.max(a, b) };
        const parts: Uint8Array[] = [];
        for await (const part of await store.read('models/acme/r/x', range)) parts.push(part);
        const wanted = content.subarray(range.fromByte, range.toByte + 1);
        expect(Buffer.concat(parts).equals(wanted)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('does not read what was changed, cut off or moved', async () => {
    const inner = await openLocalStore(folder);
    const store = createEncryptedStore(inner, keyOf);
    const content = randomBytes(2 * chunkBytes + 5);
    await store.write('models/acme/t/x', chunksOf(content), null);
    const path = join(folder, 'objects', 'sealed', 'models', 'acme', 't', 'x');
    const good = await readFile(path);
    const bad = Buffer.from(good);
    bad[chunkBytes + 100]! ^= 1;
    const sealedChunk = chunkBytes + 28;
    const swapped = Buffer.concat([
      good.subarray(sealedChunk, 2 * sealedChunk),
      good.subarray(0, sealedChunk),
      good.subarray(2 * sealedChunk),
    ]);
    for (const wrong of [bad, swapped, good.subarray(0, 2 * sealedChunk)]) {
      await writeFile(path, wrong);
      await expect(readText(await store.read('models/acme/t/x'))).rejects.toThrow();
    }
    await writeFile(path, good);
    expect((await readText(await store.read('models/acme/t/x'))) === content.toString()).toBe(true);
  });

  test('gives nothing of a chunk that was changed, and leaves nothing open', async () => {
    const local = await openLocalStore(folder);
    let [begun, ended] = [0, 0];
    const inner: BlobStore = {
      ...local,
      async read(key, range, pieceBytes) {
        const content = await local.read(key, range, pieceBytes);
        begun += 1;
        return (async function* () {
          try {
            yield* content;
          } finally {
            ended += 1;
          }
        })();
      },
    };
    const store = createEncryptedStore(inner, keyOf);
    const content = randomBytes(4 * chunkBytes);
    await store.write('models/acme/c/x', chunksOf(content), null);
    const path = join(folder, 'objects', 'sealed', 'models', 'acme', 'c', 'x');
    const sealed = await readFile(path);
    // The last byte of the third chunk's tag: all of it was decrypted when that is looked at.
    sealed[3 * (chunkBytes + 28) - 1]! ^= 1;
    await writeFile(path, sealed);
    const parts: Uint8Array[] = [];
    const reading = (async () => {
      for await (const part of await store.read('models/acme/c/x')) parts.push(part);
    })();
    await expect(reading).rejects.toThrow(`from byte ${2 * chunkBytes} on`);
    expect(Buffer.concat(parts).equals(content.subarray(0, 2 * chunkBytes))).toBe(true);
    for await (const part of await store.read('models/acme/c/x')) if (part.length > 0) break;
    expect([begun, ended]).toEqual([2, 2]);
  });

  test('pieces that were given stay as they are while others are read and written', async () => {
    const store = createEncryptedStore(await openLocalStore(folder), keyOf);
    const contents = [1, 2, 3].map(() => randomBytes(5 * chunkBytes + 3));
    const read = await Promise.all(
      contents.map(async (content, index) => {
        await store.write(`models/acme/p/${index}`, chunksOf(content), content.length);
        const parts: Uint8Array[] = [];
        for await (const part of await store.read(`models/acme/p/${index}`)) parts.push(part);
        return parts;
      }),
    );
    expect(read.map((parts, index) => Buffer.concat(parts).equals(contents[index]!))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('keeps accounts apart, and reads what was written before there was encryption', async () => {
    const inner = await openLocalStore(folder);
    await inner.write('models/acme/old/x', chunksOf('plain'), null);
    const store = createEncryptedStore(inner, keyOf);
    expect(await readText(await store.read('models/acme/old/x'))).toBe('plain');
    expect(await store.list('models/acme/old')).toEqual([{ key: 'models/acme/old/x', sizeBytes: 5 }]);
    await store.write('models/acme/a/x', chunksOf('secret'), null);
    const other = createEncryptedStore(inner, async () => bytes('x'.repeat(32)));
    await expect(readText(await other.read('models/acme/a/x'))).rejects.toThrow();
  });

  test('has its master key in a file of its own, and says so when it is another one', async () => {
    const [one, two] = [await openKeyFile(join(folder, 'k1')), await openKeyFile(join(folder, 'k2'))];
    const sealed = await one.seal(bytes('secret'), 'p');
    expect((await (await openKeyFile(join(folder, 'k1'))).open(sealed, 'p')).toString()).toBe('secret');
    await expect(one.open(sealed, 'q')).rejects.toThrow('not the one');
    await expect(two.open(sealed, 'p')).rejects.toThrow('use the key that');
  });
});
