import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Blobs are encrypted in chunks, so that they stream, and parts of them can be read and written alone: each
 * is a random nonce, as many bytes as of the plain text, and a tag (AES-256-GCM). The tag covers the blob's
 * key, the place of the chunk, and whether it is the last one: chunks can not be moved, swapped or cut off
 * unnoticed.
 *
 * A chunk is encrypted slice by slice, and its slices are never put together: what is slow is not the cipher
 * but the memory for copies. For the same reason it stays on this thread: handing a chunk to another one
 * costs two copies and three times the processor's time, and a slice holds others up for 30 us.
 */
export const chunkBytes = 524_288;
const sliceBytes = 65_536;
const nonceBytes = 12;
const tagBytes = 16;
const overheadBytes = nonceBytes + tagBytes;
export const sealedChunkBytes = chunkBytes + overheadBytes;
const algorithm = 'aes-256-gcm';

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

/** The key of one blob, from that of its account. */
export function deriveBlobKey(accountKey: Uint8Array, blobKey: string): Buffer {
  return Buffer.from(hkdfSync('sha256', accountKey, new Uint8Array(0), `blob ${blobKey}`, 32));
}

function placeOf(blobKey: string, { index, isLast }: Place): Buffer {
  return Buffer.from(`${blobKey}\0${index}\0${isLast ? 'last' : 'more'}`);
}

interface Place {
  readonly index: number;
  readonly isLast: boolean;
}

/** The parts of a sealed chunk, for those of its plain text. */
function* sealChunk(key: Buffer, blobKey: string, place: Place, plain: Parts): Generator<Buffer> {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(placeOf(blobKey, place));
  yield nonce;
  for (const part of plain) for (const slice of cutSlices(part)) yield cipher.update(slice);
  cipher.final();
  yield cipher.getAuthTag();
}

/** Throws before anything is given when the chunk is not what was written. */
function openChunk(key: Buffer, blobKey: string, place: Place, sealed: Buffer): Buffer[] {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(placeOf(blobKey, place));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const body = sealed.subarray(nonceBytes, sealed.length - tagBytes);
  const slices = [...cutSlices(body)].map((slice) => decipher.update(slice));
  try {
    decipher.final();
  } catch (cause) {
    const from = place.index * chunkBytes;
    throw new Error(`${blobKey} is not what was written, from byte ${from} on: restore it`, { cause });
  }
  return slices;
}

function* cutSlices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += sliceBytes) yield bytes.subarray(from, from + sliceBytes);
}

type Parts = readonly Uint8Array[];

/** Small parts are put together: each costs as much as a large one. */
const partsMax = 64;

/**
 * Cuts a stream into pieces of a size, each as the parts that it came in; the last one may be shorter. What
 * comes before a break is lost.
 */
async function* cutInto(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Parts> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const part of content) {
    let rest = part;
    while (heldBytes + rest.length >= size) {
      const taken = size - heldBytes;
      yield [...held, rest.subarray(0, taken)];
      rest = rest.subarray(taken);
      [held, heldBytes] = [[], 0];
    }
    if (rest.length > 0) held.push(rest);
    heldBytes += rest.length;
    if (held.length > partsMax) held = [Buffer.concat(held, heldBytes)];
  }
  if (heldBytes > 0) yield held;
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

/** The beginning of a chunk whose rest has not come yet, apart from the blob. */
export const sealTail = (key: Buffer, blobKey: string, index: number, plain: Buffer): Buffer =>
  Buffer.concat([...sealChunk(key, `${blobKey}\0tail`, { index, isLast: false }, [plain])]);

/** Throws when it is the tail of another chunk. */
export const openTail = (key: Buffer, blobKey: string, index: number, sealed: Buffer): Buffer =>
  Buffer.concat(openChunk(key, `${blobKey}\0tail`, { index, isLast: false }, sealed));

export interface ChunkSpan {
  /** Gets what a part leaves of a chunk that is not complete. */
  readonly onTail?: (index: number, plain: Buffer) => void;
  /** The chunk that the stream begins with. */
  readonly firstChunk: number;
  /** Plain bytes of the whole blob; null: the stream ends where the blob does. */
  readonly totalBytes: number | null;
}

/** Encrypts content that begins at a chunk. One chunk is held back, to know which one is the last. */
export async function* sealStream(
  key: Buffer,
  blobKey: string,
  content: AsyncIterable<Uint8Array>,
  { firstChunk, totalBytes, onTail }: ChunkSpan,
): AsyncGenerator<Buffer> {
  let index = firstChunk;
  let held: Parts | null = null;
  const lastIndex = totalBytes === null ? null : Math.ceil(totalBytes / chunkBytes) - 1;
  for await (const plain of cutInto(content, chunkBytes)) {
    if (held !== null) yield* sealChunk(key, blobKey, { index: index++, isLast: false }, held);
    held = plain;
  }
  if (held === null) return;
  const isLast = lastIndex === null || index === lastIndex;
  const wholeLength = totalBytes === null ? 0 : Math.min(chunkBytes, totalBytes - index * chunkBytes);
  if (lengthOf(held) < wholeLength) {
    onTail?.(index, join(held));
    return;
  }
  yield* sealChunk(key, blobKey, { index, isLast }, held);
}

/** Decrypts content that begins at a chunk. Throws when it is not what was written. */
export async function* openStream(
  key: Buffer,
  blobKey: string,
  content: AsyncIterable<Uint8Array>,
  { firstChunk, totalBytes }: { readonly firstChunk: number; readonly totalBytes: number },
): AsyncGenerator<Buffer> {
  const lastIndex = Math.ceil(totalBytes / chunkBytes) - 1;
  let index = firstChunk;
  for await (const sealed of cutInto(content, sealedChunkBytes)) {
    yield* openChunk(key, blobKey, { index, isLast: index === lastIndex }, join(sealed));
    index += 1;
  }
}
