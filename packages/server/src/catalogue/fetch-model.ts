import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checksum } from './checksum.ts';
import { convertOnce, type ModelConverter } from './convert-once.ts';
import { downloadFile } from './download-file.ts';
import type { CatalogueEntry } from './entry.ts';
import { explainFileError } from './file-error.ts';
import { withFileLock } from './file-lock.ts';
import { ModelUnavailableError, type SourceAttempt, SourceError } from './model-unavailable-error.ts';
import type { ProgressListener } from './progress.ts';
import { createSources } from './sources/create-source.ts';
import { patternOf } from './sources/match-files.ts';
import type { ModelSource, OfferedFile, SourceContext } from './sources/source.ts';
import {
  readVerifiedModel,
  recordFile,
  type VerifiedFile,
  type VerifiedModel,
  verifyFile,
  writeVerifiedModel,
} from './verified-files.ts';

export interface FetchOptions {
  /** The product's cache folder; models lie in its `models/<name>`. */
  readonly cacheFolder: string;
  /** Folder of the operator's own model files, tried first; SPARKLER_MODELS unless given. */
  readonly modelsFolder?: string | undefined;
  /** Variables for pip, proxies and tokens; the process's own unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
  /** Turns Hugging Face folders into GGUF. Without it such a model is left as it is. */
  readonly converter?: ModelConverter;
}

export interface FetchedModel {
  /** The GGUF file (the first of a split one), or the folder of a model in Hugging Face's form. */
  readonly path: string;
  readonly format: 'gguf' | 'hugging-face';
  /** Which source it came from, in words. */
  readonly source: string;
  readonly files: readonly VerifiedFile[];
}

/**
 * Makes a catalogue model's files lie on this machine, checked. Sources are tried in order; whatever was
 * fetched before, by any process, is used again. Rejects with ModelUnavailableError when no source has it,
 * with FetchStoppedError when no source could help (disk full, no right to write), or with the abort reason.
 */
export async function fetchModel(entry: CatalogueEntry, options: FetchOptions): Promise<FetchedModel> {
  const folder = modelFolder(options.cacheFolder, entry.name);
  const task: FetchTask = {
    entry,
    folder,
    recordPath: join(folder, 'verified.json'),
    env: options.env ?? process.env,
    modelsFolder: options.modelsFolder,
    onProgress: options.onProgress ?? ignoreProgress,
    signal: options.signal ?? new AbortController().signal,
  };
  try {
    const model = (await readRecord(task)) ?? (await fetchLocked(task));
    return await describeFetched(task, model, options.converter);
  } catch (error) {
    throw explainFileError(error, folder);
  }
}

/**
 * The GGUF file of a model that was fetched before and is unchanged since; null when there is none. Fetches
 * nothing.
 */
export async function findFetchedFile(entry: CatalogueEntry, cacheFolder: string): Promise<string | null> {
  const recordPath = join(modelFolder(cacheFolder, entry.name), 'verified.json');
  const record = entry.format === 'gguf' ? await readVerifiedModel(recordPath) : undefined;
  return record?.files[0]?.localPath ?? null;
}

/**
 * All files of a model that were fetched before and are unchanged since, as its publisher gave them out; null
 * when they are not here. Fetches nothing.
 */
export async function listFetchedFiles(
  entry: CatalogueEntry,
  cacheFolder: string,
): Promise<readonly VerifiedFile[] | null> {
  const record = await readVerifiedModel(join(modelFolder(cacheFolder, entry.name), 'verified.json'));
  return record?.files ?? null;
}

/** Where a model's files lie once fetched: `<cache>/models/<name>`. */
function modelFolder(cacheFolder: string, name: string): string {
  return join(cacheFolder, 'models', name);
}

function ignoreProgress(): void {
  // Nobody is watching.
}

interface FetchTask {
  readonly entry: CatalogueEntry;
  readonly folder: string;
  readonly recordPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly modelsFolder: string | undefined;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/** A record of an older catalogue, with other checksums or files, doesn't count. */
async function readRecord({ entry, recordPath }: FetchTask): Promise<VerifiedModel | undefined> {
  const record = await readVerifiedModel(recordPath);
  if (record === undefined) return undefined;
  const fits = entry.files.every((wanted) => {
    const found = record.files.filter((file) => patternOf(wanted.path).test(file.path));
    if (found.length === 0) return wanted.optional === true;
    return wanted.sha256 === null || found.every((file) => file.checksum.hex === wanted.sha256);
  });
  return fits ? record : undefined;
}

/** One process at a time; the others find the files when their turn comes. */
function fetchLocked(task: FetchTask): Promise<VerifiedModel> {
  return withFileLock(
    `${task.folder}.lock`,
    task.signal,
    () => tellWaiting(task),
    async () => (await readRecord(task)) ?? (await fetchFromSources(task)),
  );
}

function tellWaiting({ onProgress }: FetchTask): void {
  onProgress({
    stage: 'waiting',
    source: 'another process that fetches it',
    bytesDone: 0,
    bytesTotal: null,
    bytesPerSecond: null,
  });
}

/** Files that lie in the cache without a record: a cache copied from another machine, or a record lost. */
async function adoptPresentFiles({
  entry,
  folder,
  onProgress,
  signal,
}: FetchTask): Promise<VerifiedModel | null> {
  const files: VerifiedFile[] = [];
  for (const { path, sha256 } of entry.files) {
    if (sha256 === null) return null;
    const checksum: Checksum = { algorithm: 'sha256', hex: sha256 };
    const present = await verifyFile(path, join(folder, path), checksum, onProgress, signal);
    if (present === null) return null;
    files.push(present);
  }
  return { source: 'the cache', files };
}

async function fetchFromSources(task: FetchTask): Promise<VerifiedModel> {
  const { entry, folder, signal } = task;
  const adopted = await adoptPresentFiles(task);
  if (adopted) {
    await writeVerifiedModel(task.recordPath, adopted);
    return adopted;
  }
  const attempts: SourceAttempt[] = [];
  const scratch = join(folder, 'sources.tmp');
  for (const [index, source] of createSources(
    entry,
    task.modelsFolder ?? task.env.SPARKLER_MODELS,
  ).entries()) {
    const scratchFolder = join(scratch, String(index));
    await mkdir(scratchFolder, { recursive: true });
    try {
      const files = await fetchFiles(source, task, { ...task, scratchFolder });
      const model = { source: source.description, files };
      await writeVerifiedModel(task.recordPath, model);
      await rm(scratch, { recursive: true, force: true });
      return model;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SourceError)) throw error;
      attempts.push({ source: source.description, error: error.message });
    }
  }
  const names = entry.files.map((file) => file.path).join(', ');
  throw new ModelUnavailableError(
    entry.name,
    attempts,
    `Repair one of these, or put ${names} into a folder ${entry.name}/ and name its parent in SPARKLER_MODELS.`,
  );
}

async function fetchFiles(
  source: ModelSource,
  task: FetchTask,
  context: SourceContext,
): Promise<VerifiedFile[]> {
  const offered = await source.offer(task.entry.files, context);
  const verified: VerifiedFile[] = [];
  for (const file of offered) verified.push(await fetchFile(source, task, file));
  return verified;
}

async function fetchFile(source: ModelSource, task: FetchTask, file: OfferedFile): Promise<VerifiedFile> {
  const checksum = decideChecksum(task.entry, file);
  const localPath = file.content.kind === 'local' ? file.content.localPath : join(task.folder, file.path);
  const present = await verifyFile(file.path, localPath, checksum, task.onProgress, task.signal);
  if (present) return present;
  if (file.content.kind === 'local') {
    throw new SourceError(
      `${localPath} is damaged or another version: its ${checksum.algorithm} is not ${checksum.hex}`,
    );
  }
  await downloadFile(
    {
      target: localPath,
      sizeBytes: file.sizeBytes,
      checksum,
      content: file.content,
      source: source.description,
    },
    task.onProgress,
    task.signal,
  );
  return recordFile(file.path, localPath, checksum);
}

/** The catalogue's word counts before the source's. */
function decideChecksum(entry: CatalogueEntry, file: OfferedFile): Checksum {
  const wanted = entry.files.find((candidate) => patternOf(candidate.path).test(file.path));
  if (wanted?.sha256) return { algorithm: 'sha256', hex: wanted.sha256 };
  if (file.checksum) return file.checksum;
  throw new SourceError(
    `it tells no checksum of ${file.path} and the catalogue has none: give its sha256 there`,
  );
}

async function describeFetched(
  task: FetchTask,
  { source, files }: VerifiedModel,
  converter: ModelConverter | undefined,
): Promise<FetchedModel> {
  const first = files[0];
  if (first === undefined) throw new Error(`the record of ${task.entry.name} lists no files`);
  if (task.entry.format === 'gguf') return { path: first.localPath, format: 'gguf', source, files };
  const folder = first.localPath.slice(0, -first.path.length - 1);
  if (converter === undefined) return { path: folder, format: 'hugging-face', source, files };
  const path = await convertOnce(folder, files, task.folder, converter, task.signal, () => tellWaiting(task));
  return { path, format: 'gguf', source, files };
}
