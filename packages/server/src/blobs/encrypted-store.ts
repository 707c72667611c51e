import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BlobError, type BlobStore, type ByteRange, checkBlobKey, wrongSize } from './blob-store.ts';
import {
  chunkBytes,
  deriveBlobKey,
  openStream,
  plainSize,
  sealedOffset,
  sealedSize,
  sealStream,
  wholeChunks,
} from './chunk-cipher.ts';

/**
 * Where encrypted blobs lie in the store below: what was written before there was encryption stays readable.
 */
const sealedPrefix = 'sealed/';

/** The key that blobs of an account are encrypted with; made on first use. */
export type AccountKeyOf = (account: string) => Promise<Uint8Array>;

/**
 * Blobs encrypted at rest over another store. Their keys begin with a kind and an account
 * (`models/acme/…`), and each account has a key of its own. Sizes and ranges are those of the plain text.
 */
export function createEncryptedStore(inner: BlobStore, accountKeyOf: AccountKeyOf): BlobStore {
  const sealed = (key: string) => sealedPrefix + key;
  const keyOf = async (key: string) => {
    checkBlobKey(key);
    const [, account = ''] = key.split('/');
    return deriveBlobKey(await accountKeyOf(account), key);
  };
  async function readSealed(
    key: string,
    totalBytes: number,
    range: ByteRange,
  ): Promise<AsyncIterable<Buffer>> {
    const firstChunk = Math.floor(range.fromByte / chunkBytes);
    const toByte =
      Math.min(sealedOffset(range.toByte) + sealedOffset(chunkBytes), sealedSize(totalBytes)) - 1;
    const content = await inner.read(sealed(key), { fromByte: sealedOffset(range.fromByte), toByte });
    const plain = openStream(await keyOf(key), key, content, { firstChunk, totalBytes });
    return sliceStream(plain, range.fromByte - firstChunk * chunkBytes, range.toByte - range.fromByte + 1);
  }
  return {
    description: `${inner.description}, encrypted`,
    async write(key, content, sizeBytes) {
      const counted = countStream(content);
      const stream = sealStream(await keyOf(key), key, counted.content, { firstChunk: 0, totalBytes: null });
      const total = sizeBytes === null ? null : sealedSize(sizeBytes);
      await inner.write(sealed(key), limitStream(stream, counted, key, sizeBytes), total);
      return counted.bytes();
    },
    async append(key, content, { fromByte, totalBytes }) {
      const blobKey = await keyOf(key);
      const kept = await keptPlain(inner, sealed(key), totalBytes);
      if (kept === totalBytes && fromByte > 0) return totalBytes;
      if (fromByte % chunkBytes !== 0 || fromByte > kept) {
        const at = Math.min(kept, Math.floor(fromByte / chunkBytes) * chunkBytes);
        throw new BlobError(
          'gap',
          `the upload has ${kept} bytes so far: go on from ${at}, not from ${fromByte}`,
        );
      }
      const firstChunk = fromByte / chunkBytes;
      const stream = sealStream(blobKey, key, content, { firstChunk, totalBytes });
      const range = { fromByte: sealedOffset(fromByte), totalBytes: sealedSize(totalBytes) };
      const keptSealed = await inner.append(sealed(key), stream, range);
      return keptSealed === range.totalBytes ? totalBytes : wholeChunks(keptSealed);
    },
    async keptBytes(key) {
      const whole = await inner.stat(sealed(key));
      if (whole !== null) return plainSize(whole.sizeBytes);
      const kept = wholeChunks(await inner.keptBytes(sealed(key)));
      return kept > 0 ? kept : inner.keptBytes(key);
    },
    async stat(key) {
      const found = await inner.stat(sealed(key));
      return found === null ? inner.stat(key) : { key, sizeBytes: plainSize(found.sizeBytes) };
    },
    async read(key, range) {
      const found = await inner.stat(sealed(key));
      if (found === null) return inner.read(key, range);
      const totalBytes = plainSize(found.sizeBytes);
      if (totalBytes === 0) return inner.read(sealed(key));
      const toByte = Math.min(range?.toByte ?? totalBytes - 1, totalBytes - 1);
      return readSealed(key, totalBytes, { fromByte: range?.fromByte ?? 0, toByte });
    },
    async list(prefix) {
      const found = (await inner.list(sealed(prefix))).map(({ key, sizeBytes }) => ({
        key: key.slice(sealedPrefix.length),
        sizeBytes: plainSize(sizeBytes),
      }));
      const known = new Set(found.map(({ key }) => key));
      const plain = (await inner.list(prefix)).filter(({ key }) => !known.has(key));
      return [...found, ...plain].sort((left, right) => (left.key < right.key ? -1 : 1));
    },
    async removeAll(prefix) {
      await inner.removeAll(sealed(prefix));
      await inner.removeAll(prefix);
    },
    // Nothing below is a file that anybody could open.
    localFolder: async (prefix) =>
      (await inner.list(sealed(prefix))).length === 0 ? inner.localFolder(prefix) : null,
    async openFolder(prefix, scratchFolder, signal) {
      const files = await this.list(prefix);
      if ((await inner.list(sealed(prefix))).length === 0)
        return inner.openFolder(prefix, scratchFolder, signal);
      for (const { key } of files) {
        const target = join(scratchFolder, ...key.slice(prefix.length + 1).split('/'));
        await mkdir(dirname(target), { recursive: true, mode: 0o700 });
        await pipeline(await this.read(key), createWriteStream(target, { mode: 0o600 }), { signal });
      }
      return scratchFolder;
    },
  };
}

async function keptPlain(inner: BlobStore, key: string, totalBytes: number): Promise<number> {
  const whole = await inner.stat(key);
  if (whole !== null && whole.sizeBytes === sealedSize(totalBytes)) return totalBytes;
  return wholeChunks(await inner.keptBytes(key));
}

interface CountedStream {
  readonly content: AsyncIterable<Uint8Array>;
  bytes(): number;
}

function countStream(content: AsyncIterable<Uint8Array>): CountedStream {
  let bytes = 0;
  const counted = (async function* () {
    for await (const part of content) {
      bytes += part.length;
      yield part;
    }
  })();
  return { content: counted, bytes: () => bytes };
}

/** The store below counts sealed bytes; callers announced plain ones. */
async function* limitStream(
  stream: AsyncIterable<Buffer>,
  counted: CountedStream,
  key: string,
  sizeBytes: number | null,
): AsyncGenerator<Buffer> {
  for await (const part of stream) {
    if (sizeBytes !== null && counted.bytes() > sizeBytes) throw wrongSize(key, sizeBytes, 'more');
    yield part;
  }
  if (sizeBytes !== null && counted.bytes() < sizeBytes) {
    throw wrongSize(key, sizeBytes, `only ${counted.bytes()}`);
  }
}

/** Skips bytes, and ends after `length` more. */
async function* sliceStream(
  content: AsyncIterable<Buffer>,
  skipBytes: number,
  length: number,
): AsyncGenerator<Buffer> {
  let [skip, left] = [skipBytes, length];
  for await (const part of content) {
    const wanted = part.subarray(skip, skip + left);
    skip = Math.max(0, skip - part.length);
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
    if (left === 0) return;
  }
}
