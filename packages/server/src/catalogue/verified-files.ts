import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Checksum, startChecksum, updateFromFile } from './checksum.ts';
import { createByteMeter, type ProgressListener } from './progress.ts';

/** A file whose content was checked, and by what it is known to be unchanged since. */
export interface VerifiedFile {
  /** Path below the model's folder. */
  readonly path: string;
  /** Where it lies; outside the cache for an operator's own folder. */
  readonly localPath: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly checksum: Checksum;
}

/** What was fetched for one entry, kept as JSON beside the files. */
export interface VerifiedModel {
  readonly source: string;
  readonly files: readonly VerifiedFile[];
}

/** The record, or undefined if there is none or a file of it changed or went away since. */
export async function readVerifiedModel(recordPath: string): Promise<VerifiedModel | undefined> {
  const text = await readFile(recordPath, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record = parseRecord(text);
  if (record === undefined) return undefined;
  const unchanged = await Promise.all(record.files.map(isUnchanged));
  return unchanged.every(Boolean) ? record : undefined;
}

function parseRecord(text: string): VerifiedModel | undefined {
  try {
    return JSON.parse(text) as VerifiedModel;
  } catch {
    // Cut off by a full disk: the files are simply checked again.
    return undefined;
  }
}

async function isUnchanged(file: VerifiedFile): Promise<boolean> {
  const now = await stat(file.localPath).catch(() => undefined);
  return now !== undefined && now.size === file.sizeBytes && now.mtimeMs === file.modifiedMs;
}

export async function writeVerifiedModel(recordPath: string, model: VerifiedModel): Promise<void> {
  await mkdir(dirname(recordPath), { recursive: true });
  const temporary = `${recordPath}.${process.pid}.tmp`;
  await writeFile(temporary, `${JSON.stringify(model, null, 2)}\n`);
  await rename(temporary, recordPath);
}

/** Reads the whole file. Null if its content is not what the checksum says, or there is no such file. */
export async function verifyFile(
  path: string,
  localPath: string,
  checksum: Checksum,
  onProgress: ProgressListener,
  signal: AbortSignal,
): Promise<VerifiedFile | null> {
  const state = await stat(localPath).catch(() => undefined);
  if (state === undefined) return null;
  const meter = createByteMeter(onProgress, {
    stage: 'verifying',
    source: localPath,
    bytesDone: 0,
    bytesTotal: state.size,
  });
  const hash = startChecksum(checksum.algorithm, state.size);
  const update = (chunk: Uint8Array) => {
    hash.update(chunk);
    meter.add(chunk.length);
  };
  await updateFromFile({ update }, localPath, signal);
  meter.finish();
  return hash.digest('hex') === checksum.hex ? recordFile(path, localPath, checksum) : null;
}

/** The record of a file whose content was just checked. */
export async function recordFile(path: string, localPath: string, checksum: Checksum): Promise<VerifiedFile> {
  const state = await stat(localPath);
  return { path, localPath, sizeBytes: state.size, modifiedMs: state.mtimeMs, checksum };
}
