import { open, stat } from 'node:fs/promises';
import { FireworksError } from '../core/errors.ts';
import type { UploadSource } from '../transfers/upload.ts';

const readBytes = 1024 * 1024;

/** A file on this machine to send under a name. Throws FireworksError when there is none. */
export async function fileSource(path: string, name: string): Promise<UploadSource> {
  const facts = await stat(path).catch(() => null);
  if (facts === null || !facts.isFile()) throw new FireworksError(`${path} is not a file`);
  return { name, sizeBytes: facts.size, read: (fromByte, toByte) => readFile(path, fromByte, toByte) };
}

/**
 * Bytes of a file, a piece at a time in the same memory: a piece is good until the next is asked for. New
 * memory for each would be freed late, a hundred megabytes later.
 */
export async function* readFile(
  path: string,
  fromByte = 0,
  toByte = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r');
  const piece = Buffer.allocUnsafeSlow(readBytes);
  try {
    for (let at = fromByte; at < toByte; ) {
      const { bytesRead } = await file.read(piece, 0, Math.min(readBytes, toByte - at), at);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}
