import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type AppendRange,
  BlobError,
  type BlobFacts,
  type BlobStore,
  type ByteRange,
  checkBlobKey,
  wrongSize,
} from './blob-store.ts';
import {
  type BlobCipher,
  chunkBytes,
  openBlobCipher,
  openStream,
  openTail,
  plainSize,
  sealedChunkBytes,
  sealedOffset,
  sealedSize,
  sealStream,
  sealTail,
  wholeChunks,
} from './chunk-cipher.ts';

/**
 * Where encrypted blobs lie in the store below: what was written before there was encryption stays readable.
 */
const sealedPrefix = 'sealed/';

/** Where beginnings of chunks lie whose rest has not come yet. */
const tailPrefix = 'tails/';

/** The key that blobs of an account are encrypted with; made on first use. */
export type AccountKeyOf = (account: string) => Promise<Uint8Array>;

/**
 * Blobs encrypted at rest over another store. Their keys begin with a kind and an account
 * (`models/acme/…`), and each account has a key of its own. Sizes and ranges are those of the plain text.
 */
export function createEncryptedStore(inner: BlobStore, accountKeyOf: AccountKeyOf): BlobStore {
  const sealed = (key: string) => sealedPrefix + key;
  const cipherOf = async (key: string) => {
    checkBlobKey(key);
    const [, account = ''] = key.split('/');
    return openBlobCipher(await accountKeyOf(account), key);
  };
  async function readSealed(
    key: string,
    totalBytes: number,
    range: ByteRange,
  ): Promise<AsyncIterable<Buffer>> {
    const firstChunk = Math.floor(range.fromByte / chunkBytes);
    const toByte = Math.min(sealedOffset(range.toByte) + sealedChunkBytes, sealedSize(totalBytes)) - 1;
    const wanted = { fromByte: sealedOffset(range.fromByte), toByte };
    const content = await inner.read(sealed(key), wanted, sealedChunkBytes);
    const plain = openStream(await cipherOf(key), content, { firstChunk, totalBytes });
    return sliceStream(plain, range.fromByte - firstChunk * chunkBytes, range.toByte - range.fromByte + 1);
  }
  return {
    description: `${inner.description}, encrypted`,
    async write(key, content, sizeBytes) {
      const announced = checkSize(content, key, sizeBytes);
      const stream = sealStream(await cipherOf(key), announced, { firstChunk: 0, totalBytes: null });
      const total = sizeBytes === null ? null : sealedSize(sizeBytes);
      return plainSize(await inner.write(sealed(key), stream, total));
    },
    append: async (key, content, range) => appendSealed(inner, await cipherOf(key), content, range),
    async keptBytes(key) {
      const whole = await inner.stat(sealed(key));
      if (whole !== null) return plainSize(whole.sizeBytes);
      const { whole: kept, tail } = await findKept(inner, await cipherOf(key));
      return kept + tail.length > 0 ? kept + tail.length : inner.keptBytes(key);
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
    list: (prefix) => listBoth(inner, prefix),
    async removeAll(prefix) {
      await inner.removeAll(sealed(prefix));
      await inner.removeAll(tailPrefix + prefix);
      await inner.removeAll(prefix);
    },
    // Nothing below is a file that anybody could open.
    localFolder: async (prefix) =>
      (await inner.list(sealed(prefix))).length === 0 ? inner.localFolder(prefix) : null,
    async openFolder(prefix, scratchFolder, signal) {
      if ((await inner.list(sealed(prefix))).length === 0) {
        return inner.openFolder(prefix, scratchFolder, signal);
      }
      await copyFiles(this, prefix, scratchFolder, signal);
      return scratchFolder;
    },
  };
}

/** Encrypted blobs, and those from before there was encryption. */
async function listBoth(inner: BlobStore, prefix: string): Promise<BlobFacts[]> {
  const found = (await inner.list(sealedPrefix + prefix)).map(({ key, sizeBytes }) => ({
    key: key.slice(sealedPrefix.length),
    sizeBytes: plainSize(sizeBytes),
  }));
  const known = new Set(found.map(({ key }) => key));
  const plain = (await inner.list(prefix)).filter(({ key }) => !known.has(key));
  return [...found, ...plain].sort((left, right) => (left.key < right.key ? -1 : 1));
}

/** Plain copies that only the server's user can read. */
async function copyFiles(
  store: BlobStore,
  prefix: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { key } of await store.list(prefix)) {
    const target = join(folder, ...key.slice(prefix.length + 1).split('/'));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await pipeline(await store.read(key), createWriteStream(target, { mode: 0o600 }), { signal });
  }
}

/** What is kept of an upload in parts: whole chunks, and the beginning of the next. */
async function findKept(inner: BlobStore, cipher: BlobCipher) {
  const key = cipher.blobKey;
  const whole = wholeChunks(await inner.keptBytes(sealedPrefix + key));
  const tailKey = tailPrefix + key;
  if ((await inner.stat(tailKey)) === null) return { whole, tail: Buffer.alloc(0) };
  const parts: Uint8Array[] = [];
  for await (const part of await inner.read(tailKey)) parts.push(part);
  try {
    return { whole, tail: openTail(cipher, whole / chunkBytes, Buffer.concat(parts)) };
  } catch {
    // Of a chunk that was written over or is whole by now.
    return { whole, tail: Buffer.alloc(0) };
  }
}

async function appendSealed(
  inner: BlobStore,
  cipher: BlobCipher,
  content: AsyncIterable<Uint8Array>,
  { fromByte, totalBytes }: AppendRange,
): Promise<number> {
  const key = cipher.blobKey;
  const done = await inner.stat(sealedPrefix + key);
  if (done !== null && done.sizeBytes === sealedSize(totalBytes) && fromByte > 0) return totalBytes;
  const { whole, tail } = await findKept(inner, cipher);
  const firstChunk = Math.floor(fromByte / chunkBytes);
  const missing = fromByte - firstChunk * chunkBytes;
  // Within a chunk it can only go on where its beginning is at hand.
  if (fromByte > whole + tail.length || (missing > 0 && firstChunk * chunkBytes !== whole)) {
    const at = whole + tail.length;
    throw new BlobError('gap', `the upload has ${at} bytes so far: go on from there, not from ${fromByte}`);
  }
  let left: { readonly index: number; readonly plain: Buffer } | null = null;
  const onTail = (index: number, plain: Buffer) => {
    left = { index, plain: Buffer.from(plain) };
  };
  let cameBytes = 0;
  const counted = countBytes(content, totalBytes - fromByte, (bytes) => {
    cameBytes = bytes;
  });
  const joined = joinStreams(tail.subarray(0, missing), counted);
  const stream = sealStream(cipher, joined, { firstChunk, totalBytes, onTail });
  const range = { fromByte: sealedOffset(fromByte), totalBytes: sealedSize(totalBytes) };
  const kept = await inner.append(sealedPrefix + key, stream, range);
  if (cameBytes > totalBytes - fromByte) throw wrongSize(key, totalBytes, 'more');
  if (kept === range.totalBytes) {
    await inner.removeAll(tailPrefix + key);
    return totalBytes;
  }
  const unfinished = left as { readonly index: number; readonly plain: Buffer } | null;
  if (unfinished === null || unfinished.index * chunkBytes !== wholeChunks(kept)) return wholeChunks(kept);
  const tailBytes = sealTail(cipher, unfinished.index, unfinished.plain);
  await inner.write(tailPrefix + key, joinStreams(tailBytes), tailBytes.length);
  return wholeChunks(kept) + unfinished.plain.length;
}

async function* joinStreams(first: Uint8Array, rest?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  if (rest !== undefined) yield* rest;
}

/** Ends before more than `maxBytes` came; tells how many did. */
async function* countBytes(
  content: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tell: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let came = 0;
  for await (const part of content) {
    came += part.length;
    tell(came);
    if (came > maxBytes) return;
    yield part;
  }
}

/** Throws at the first byte beyond the size that was announced, and when fewer came. */
async function* checkSize(
  content: AsyncIterable<Uint8Array>,
  key: string,
  sizeBytes: number | null,
): AsyncGenerator<Uint8Array> {
  let came = 0;
  for await (const part of content) {
    came += part.length;
    if (sizeBytes !== null && came > sizeBytes) throw wrongSize(key, sizeBytes, 'more');
    yield part;
  }
  if (sizeBytes !== null && came < sizeBytes) throw wrongSize(key, sizeBytes, `only ${came}`);
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
