import type { Hash } from 'node:crypto';
import { mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Checksum, startChecksum, updateFromFile } from './checksum.ts';
import { explainFileError, isFileError } from './file-error.ts';
import { ConnectionError, FetchStoppedError, SourceError } from './model-unavailable-error.ts';
import { type ByteMeter, createByteMeter, type ProgressListener } from './progress.ts';
import type { OfferedContent } from './sources/source.ts';

/** Broken connections in a row, without a byte between them, after which a source is given up. */
const failuresMax = 4;
/** Left free on the disk, for the database and logs that live on the same one. */
const spareBytes = 64 * 1024 * 1024;

export interface Download {
  readonly target: string;
  readonly sizeBytes: number | null;
  readonly checksum: Checksum;
  readonly content: Extract<OfferedContent, { kind: 'stream' }>;
  /** In words, for progress and errors. */
  readonly source: string;
}

/**
 * Writes a file beside its place, checks its content, then renames it there: the target is whole or absent.
 * What an earlier try left is continued. Rejects with SourceError (try another source) or FetchStoppedError.
 */
export async function downloadFile(
  download: Download,
  onProgress: ProgressListener,
  signal: AbortSignal,
): Promise<void> {
  // Named after the expected content: a part of another version is never continued.
  const part = `${download.target}.${download.checksum.hex.slice(0, 12)}.part`;
  try {
    await mkdir(dirname(part), { recursive: true });
    await checkSpace(part, download.sizeBytes);
    if (!(await downloadPart(part, download, onProgress, signal))) {
      // A part from an interrupted write may be damaged; from zero it must be right, or the source is wrong.
      await rm(part, { force: true });
      if (!(await downloadPart(part, download, onProgress, signal))) {
        await rm(part, { force: true });
        throw new SourceError(
          `the content is not what was expected (${download.checksum.algorithm} ${download.checksum.hex})`,
        );
      }
    }
    await rename(part, download.target);
  } catch (error) {
    throw explainFileError(error, part);
  }
}

/**
 * Brings the part to its end, over several connections if need be. True if its content is the expected one.
 */
async function downloadPart(
  part: string,
  download: Download,
  onProgress: ProgressListener,
  signal: AbortSignal,
): Promise<boolean> {
  const begin = await sizeOf(part);
  let failures = 0;
  while (true) {
    const before = await sizeOf(part);
    try {
      return await continuePart(part, before, download, onProgress, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (isFileError(error)) throw error;
      const now = await sizeOf(part);
      failures = now > before ? 1 : failures + 1;
      const isHopeless = error instanceof SourceError && !(error instanceof ConnectionError && now > begin);
      if (isHopeless || failures >= failuresMax) throw toSourceError(error as Error);
      await sleep(250 * 2 ** failures, undefined, { signal });
    }
  }
}

async function continuePart(
  part: string,
  have: number,
  download: Download,
  onProgress: ProgressListener,
  signal: AbortSignal,
): Promise<boolean> {
  const isComplete = download.sizeBytes !== null && have === download.sizeBytes;
  const opened = isComplete ? null : await download.content.open(have, signal);
  const begin = opened === null ? have : opened.fromByte;
  const bytesTotal = download.sizeBytes ?? opened?.totalBytes ?? null;
  const meter = createByteMeter(onProgress, {
    stage: download.content.stage,
    source: download.source,
    bytesDone: begin,
    bytesTotal,
  });
  const hash = startChecksum(download.checksum.algorithm, bytesTotal);
  await updateFromFile(hash, part, signal, begin);
  if (opened) await appendChunks(part, begin, opened.chunks, hash, meter);
  meter.finish();
  const size = await sizeOf(part);
  if (bytesTotal !== null && size < bytesTotal)
    throw new Error(`the connection ended at ${size} of ${bytesTotal} bytes`);
  return hash.digest('hex') === download.checksum.hex;
}

async function appendChunks(
  part: string,
  fromByte: number,
  chunks: AsyncIterable<Uint8Array>,
  hash: Hash,
  meter: ByteMeter,
): Promise<void> {
  const file = await open(part, fromByte === 0 ? 'w' : 'r+');
  try {
    let position = fromByte;
    await file.truncate(fromByte);
    for await (const chunk of chunks) {
      await file.write(chunk, 0, chunk.length, position);
      hash.update(chunk);
      position += chunk.length;
      meter.add(chunk.length);
    }
    // The rename that follows must not survive a power cut that the content doesn't.
    await file.sync();
  } finally {
    await file.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function checkSpace(part: string, sizeBytes: number | null): Promise<void> {
  if (sizeBytes === null) return;
  const { bavail, bsize } = await statfs(dirname(part));
  const missing = sizeBytes - (await sizeOf(part)) + spareBytes - bavail * bsize;
  if (missing > 0) {
    throw new FetchStoppedError(
      `Not enough disk space in ${dirname(part)}: ${Math.ceil(missing / 1e6)} MB are missing. ` +
        'Free some, or set SPARKLER_CACHE to a folder on another disk.',
    );
  }
}

function toSourceError(error: Error): SourceError {
  if (error instanceof SourceError) return error;
  const cause = error.cause as Error | undefined;
  return new SourceError(`the download broke off: ${cause?.message ?? error.message}`);
}
