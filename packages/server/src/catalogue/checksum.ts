import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** What a file's content must hash to. `git-blob` is what Git and Hugging Face call small files by. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'md5' | 'git-blob';
  readonly hex: string;
}

/** A running hash of a file whose size is known before its content. */
export function startChecksum(algorithm: Checksum['algorithm'], sizeBytes: number | null): Hash {
  if (algorithm !== 'git-blob') return createHash(algorithm);
  if (sizeBytes === null) throw new Error('a git-blob checksum needs the size of the file');
  return createHash('sha1').update(`blob ${sizeBytes}\0`);
}

/**
 * Feeds a file (its first `endByte` bytes, or all) into a hash or a counter. Rejects with the abort reason or
 * a file error.
 */
export async function updateFromFile(
  hash: { update(chunk: Uint8Array): unknown },
  path: string,
  signal: AbortSignal,
  endByte = Number.POSITIVE_INFINITY,
): Promise<void> {
  if (endByte === 0) return;
  const stream = createReadStream(path, { end: endByte - 1, highWaterMark: 1 << 20, signal });
  for await (const chunk of stream) hash.update(chunk as Buffer);
}
