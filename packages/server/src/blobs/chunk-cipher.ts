import { hkdfSync, randomFillSync } from 'node:crypto';
import type { Gcm } from './gcm.ts';
import { loadGcm } from './load-gcm.ts';
import { takeBuffer } from './recycled-buffers.ts';

/**
 * Blobs are encrypted in chunks, so that they stream, and parts of them can be read and written alone: each
 * is a random nonce, as many bytes as of the plain text, and a tag (AES-256-GCM). The tag covers the blob's
 * key, the place of the chunk, and whether it is the last one: chunks can not be moved, swapped or cut off
 * unnoticed.
 *
 * A chunk is decrypted where it was read to, and encrypted into memory that is used again once it is on the
 * disk: what is slow is not the cipher (30 us a chunk) but new memory. For the same reason it stays on this
 * thread: the threads of `crypto.subtle` copy a chunk twice, and take three times the processor's time.
 */
export const chunkBytes = 524_288;
const nonceBytes = 12;
const tagBytes = 16;
const overheadBytes = nonceBytes + tagBytes;
export const sealedChunkBytes = chunkBytes + overheadBytes;

/** Bytes that a plain text of this size takes. */
export function sealedSize(plainBytes: number): number {
  return plainBytes + overheadBytes * Math.ceil(plainBytes / chunkBytes);
}

/** Size of the plain text of a whole blob. */
export function plainSize(sealedBytes: number): number {
  return sealedBytes - overheadBytes * Math.ceil(sealedBytes / sealedChunkBytes);
}

/** Where the chunk begins, sealed, that a plain byte is in. */
export function sealedOffset(plainByte: number): number {
  return Math.floor(plainByte / chunkBytes) * sealedChunkBytes;
}

/** Plain bytes of the whole chunks among the first `sealedBytes` of a blob that is not complete. */
export function wholeChunks(sealedBytes: number): number {
  return Math.floor(sealedBytes / sealedChunkBytes) * chunkBytes;
}

/** What encrypts one blob. */
export interface BlobCipher {
  readonly gcm: Gcm;
  readonly key: Buffer;
  readonly blobKey: string;
}

/** The cipher of one blob, with a key from that of its account. */
export async function openBlobCipher(accountKey: Uint8Array, blobKey: string): Promise<BlobCipher> {
  const key = Buffer.from(hkdfSync('sha256', accountKey, new Uint8Array(0), `blob ${blobKey}`, 32));
  return { gcm: await loadGcm(), key, blobKey };
}

function placeOf(blobKey: string, { index, isLast }: Place): Buffer {
  return Buffer.from(`${blobKey}\0${index}\0${isLast ? 'last' : 'more'}`);
}

interface Place {
  readonly index: number;
  readonly isLast: boolean;
}

/** A sealed chunk; a whole one in memory that may be given back. */
function sealChunk({ gcm, key, blobKey }: BlobCipher, place: Place, plain: Parts): Buffer {
  const size = lengthOf(plain) + overheadBytes;
  const sealed = size === sealedChunkBytes ? takeBuffer(size) : Buffer.allocUnsafeSlow(size);
  const nonce = randomFillSync(sealed.subarray(0, nonceBytes));
  const [body, tag] = [sealed.subarray(nonceBytes, size - tagBytes), sealed.subarray(size - tagBytes)];
  gcm.seal({ key, nonce, associated: placeOf(blobKey, place) }, plain, body).copy(tag);
  return sealed;
}

/** Decrypts a chunk where it lies. Throws before anything is given when it is not what was written. */
function openChunk({ gcm, key, blobKey }: BlobCipher, place: Place, sealed: Buffer): Buffer {
  const nonce = sealed.subarray(0, nonceBytes);
  const body = sealed.subarray(nonceBytes, -tagBytes);
  const input = { key, nonce, associated: placeOf(blobKey, place) };
  const isWhole = sealed.length >= overheadBytes;
  if (isWhole && gcm.open(input, body, sealed.subarray(-tagBytes))) return body;
  const from = place.index * chunkBytes;
  throw new Error(`${blobKey} is not what was written, from byte ${from} on: restore it`);
}

type Parts = readonly Uint8Array[];

/** Small parts are put together: each costs as much as a large one. */
const partsMax = 64;

/** Cuts what is pushed into pieces of a size, each as the parts that it came in. */
function createCutter(size: number) {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  return {
    /** The pieces that are whole with this part. */
    push(part: Uint8Array): Parts[] {
      const whole: Parts[] = [];
      let rest = part;
      while (heldBytes + rest.length >= size) {
        const taken = size - heldBytes;
        whole.push([...held, rest.subarray(0, taken)]);
        rest = rest.subarray(taken);
        [held, heldBytes] = [[], 0];
      }
      if (rest.length > 0) held.push(rest);
      heldBytes += rest.length;
      if (held.length > partsMax) held = [Buffer.concat(held, heldBytes)];
      return whole;
    },
    /** The last piece, which is shorter; empty when there is none. */
    rest: (): Parts => held,
  };
}

/** Parts in one piece; one part is not copied. */
function join(parts: Parts): Buffer {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? viewOf(first) : Buffer.concat(parts);
}

const lengthOf = (parts: Parts) => parts.reduce((total, part) => total + part.length, 0);

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const tailOf = (cipher: BlobCipher): BlobCipher => ({ ...cipher, blobKey: `${cipher.blobKey}\0tail` });

/** The beginning of a chunk whose rest has not come yet, apart from the blob. */
export const sealTail = (cipher: BlobCipher, index: number, plain: Buffer): Buffer =>
  sealChunk(tailOf(cipher), { index, isLast: false }, [plain]);

/** Decrypts it where it lies. Throws when it is the tail of another chunk. */
export const openTail = (cipher: BlobCipher, index: number, sealed: Buffer): Buffer =>
  openChunk(tailOf(cipher), { index, isLast: false }, sealed);

export interface ChunkSpan {
  /** Gets what a part leaves of a chunk that is not complete. */
  readonly onTail?: (index: number, plain: Buffer) => void;
  /** The chunk that the stream begins with. */
  readonly firstChunk: number;
  /** Plain bytes of the whole blob; null: the stream ends where the blob does. */
  readonly totalBytes: number | null;
}

/**
 * Encrypts content that begins at a chunk. One chunk is held back, to know which one is the last. Whoever has
 * written a piece may give it back.
 */
export async function* sealStream(
  cipher: BlobCipher,
  content: AsyncIterable<Uint8Array>,
  { firstChunk, totalBytes, onTail }: ChunkSpan,
): AsyncGenerator<Buffer> {
  let index = firstChunk;
  let held: Parts | null = null;
  const lastIndex = totalBytes === null ? null : Math.ceil(totalBytes / chunkBytes) - 1;
  const cutter = createCutter(chunkBytes);
  for await (const part of content) {
    for (const plain of cutter.push(part)) {
      if (held !== null) yield sealChunk(cipher, { index: index++, isLast: false }, held);
      held = plain;
    }
  }
  const rest = cutter.rest();
  if (held !== null && rest.length > 0) yield sealChunk(cipher, { index: index++, isLast: false }, held);
  if (rest.length > 0) held = rest;
  if (held === null) return;
  const isLast = lastIndex === null || index === lastIndex;
  const wholeLength = totalBytes === null ? 0 : Math.min(chunkBytes, totalBytes - index * chunkBytes);
  if (lengthOf(held) < wholeLength) {
    onTail?.(index, join(held));
    return;
  }
  yield sealChunk(cipher, { index, isLast }, held);
}

/**
 * Decrypts content that begins at a chunk, in the memory that it comes in. Throws when it is not what was
 * written.
 */
export async function* openStream(
  cipher: BlobCipher,
  content: AsyncIterable<Uint8Array>,
  { firstChunk, totalBytes }: { readonly firstChunk: number; readonly totalBytes: number },
): AsyncGenerator<Buffer> {
  const lastIndex = Math.ceil(totalBytes / chunkBytes) - 1;
  let index = firstChunk;
  const open = (sealed: Parts) => {
    const place = { index, isLast: index === lastIndex };
    index += 1;
    return openChunk(cipher, place, join(sealed));
  };
  const cutter = createCutter(sealedChunkBytes);
  for await (const part of content) for (const sealed of cutter.push(part)) yield open(sealed);
  if (cutter.rest().length > 0) yield open(cutter.rest());
}
