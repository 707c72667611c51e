import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Blobs are encrypted in chunks, so that they stream, and parts of them can be read and written alone: each
 * is a random nonce, as many bytes as of the plain text, and a tag (AES-256-GCM). The tag covers the blob's
 * key, the place of the chunk, and whether it is the last one: chunks can not be moved, swapped or cut off
 * unnoticed.
 */
export const chunkBytes = 65_536;
const nonceBytes = 12;
const tagBytes = 16;
const overheadBytes = nonceBytes + tagBytes;
const sealedChunkBytes = chunkBytes + overheadBytes;
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

function placeOf(blobKey: string, index: number, isLast: boolean): Buffer {
  return Buffer.from(`${blobKey}\0${index}\0${isLast ? 'last' : 'more'}`);
}

function sealChunk(key: Buffer, blobKey: string, index: number, isLast: boolean, plain: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(placeOf(blobKey, index, isLast));
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([nonce, body, cipher.getAuthTag()]);
}

function openChunk(key: Buffer, blobKey: string, index: number, isLast: boolean, sealed: Buffer): Buffer {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes));
  decipher.setAAD(placeOf(blobKey, index, isLast));
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes));
  decipher.final();
  return plain;
}

/** Cuts a stream into pieces of a size; the last one may be shorter. What comes before a break is lost. */
async function* cutInto(content: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const part of content) {
    let rest = part;
    while (heldBytes + rest.length >= size) {
      const taken = size - heldBytes;
      // Most pieces lie within one part: they are not copied.
      if (heldBytes === 0) yield viewOf(rest.subarray(0, taken));
      else yield Buffer.concat([...held, rest.subarray(0, taken)], size);
      rest = rest.subarray(taken);
      [held, heldBytes] = [[], 0];
    }
    if (rest.length > 0) held.push(rest);
    heldBytes += rest.length;
  }
  if (heldBytes > 0) yield Buffer.concat(held, heldBytes);
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The beginning of a chunk whose rest has not come yet, apart from the blob. */
export const sealTail = (key: Buffer, blobKey: string, index: number, plain: Buffer): Buffer =>
  sealChunk(key, `${blobKey}\0tail`, index, false, plain);

/** Throws when it is the tail of another chunk. */
export const openTail = (key: Buffer, blobKey: string, index: number, sealed: Buffer): Buffer =>
  openChunk(key, `${blobKey}\0tail`, index, false, sealed);

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
  let held: Buffer | null = null;
  const lastIndex = totalBytes === null ? null : Math.ceil(totalBytes / chunkBytes) - 1;
  for await (const plain of cutInto(content, chunkBytes)) {
    if (held !== null) yield sealChunk(key, blobKey, index++, false, held);
    held = plain;
  }
  if (held === null) return;
  const isLast = lastIndex === null || index === lastIndex;
  const wholeLength = totalBytes === null ? 0 : Math.min(chunkBytes, totalBytes - index * chunkBytes);
  if (held.length < wholeLength) {
    onTail?.(index, held);
    return;
  }
  yield sealChunk(key, blobKey, index, isLast, held);
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
    yield openChunk(key, blobKey, index, index === lastIndex, sealed);
    index += 1;
  }
}
