import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../blobs/blob-store.ts';
import { withFileLock } from '../catalogue/file-lock.ts';
import type { WeightFacts } from './facts.ts';
import type { ModelWork } from './model-work.ts';

/** Files of a model that somebody uploaded or made. */
export interface UploadedFiles {
  /** Full name of the model, for messages and as the name inside a converted file. */
  readonly model: string;
  /** Where they lie in the blob store. What lies there never changes. */
  readonly blobPrefix: string;
  readonly facts: WeightFacts;
}

/** Turns what lies in the blob store into files that an engine on this machine can open. */
export interface WorkingCopies {
  /**
   * Path of what an engine loads: a GGUF file, or the folder of a PEFT adapter. Made once and kept; several
   * processes may ask at once. Rejects with ModelRefusedError, or an error of the disk or the store.
   */
  open(files: UploadedFiles, signal: AbortSignal): Promise<string>;
  /** Removes what was made of a prefix whose model is gone. */
  remove(blobPrefix: string): Promise<void>;
  /**
   * Removes copies of prefixes that are not in use, unless they were opened a moment ago: what they are for
   * may not show yet. `listInUse` is asked only when there are copies.
   */
  removeUnused(listInUse: () => Promise<ReadonlySet<string>>): Promise<void>;
  /** Removes what a server that died had begun to make. Nothing of this folder may be in use yet. */
  removeUnfinished(): Promise<void>;
}

/** Part of the names of converted files: raise it when the converter gives other files. */
const CONVERTER_VERSION = 1;

interface CopyParts {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly work: ModelWork;
}

const nameOf = (blobPrefix: string) =>
  createHash('sha256').update(`${CONVERTER_VERSION} ${blobPrefix}`).digest('hex').slice(0, 32);

async function convert(
  { blobs, work }: CopyParts,
  { model, blobPrefix }: UploadedFiles,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  if (existsSync(target)) return;
  const scratch = `${target}.scratch`;
  try {
    const source = await blobs.openFolder(blobPrefix, scratch, signal);
    await work.run({ task: 'convert', folder: source, target, name: model }, signal);
    await chmod(target, 0o600);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(`${target}.partial`, { force: true });
  }
}

/** A local store is its own folder; a copy from elsewhere is complete when its name has no ending. */
async function openCopy(
  { folder, blobs }: CopyParts,
  blobPrefix: string,
  signal: AbortSignal,
): Promise<string> {
  const target = join(folder, nameOf(blobPrefix));
  if (existsSync(target)) return target;
  const scratch = `${target}.scratch`;
  await rm(scratch, { recursive: true, force: true });
  const opened = await blobs.openFolder(blobPrefix, scratch, signal);
  if (opened !== scratch) return opened;
  await rename(scratch, target);
  return target;
}

/** What an engine loads, made where it is missing. */
async function openFiles(parts: CopyParts, files: UploadedFiles, signal: AbortSignal): Promise<string> {
  const { blobPrefix, facts } = files;
  if (facts.format === 'peft') return openCopy(parts, blobPrefix, signal);
  if (facts.format === 'gguf') return join(await openCopy(parts, blobPrefix, signal), facts.file ?? '');
  const target = join(parts.folder, `${nameOf(blobPrefix)}.gguf`);
  await convert(parts, files, target, signal);
  return target;
}

/** Time from the opening of a copy to when what it is opened for is in the database or over. */
const openedMs = 10 * 60_000;

/**
 * Plain copies in a folder that only this server's user can read, and each readable by that user only. They
 * may be deleted whenever no replica runs on them.
 */
export function createWorkingCopies(
  folder: string,
  blobs: BlobStore,
  work: ModelWork,
  now: () => number = Date.now,
): WorkingCopies {
  /** When copies were opened last, ms by name. */
  const opened = new Map<string, number>();
  const removeNamed = async (name: string): Promise<void> => {
    for (const ending of ['', '.gguf']) {
      await rm(join(folder, name + ending), { recursive: true, force: true });
    }
  };
  const list = () =>
    readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  const lockOf = (name: string) => join(folder, `${name}.lock`);
  const isOpened = (name: string) => now() - (opened.get(name) ?? Number.NEGATIVE_INFINITY) < openedMs;

  return {
    remove: (blobPrefix) => removeNamed(nameOf(blobPrefix)),
    async removeUnused(listInUse) {
      const copies = (await list()).flatMap((file) => /^([0-9a-f]{32})(?:\.gguf)?$/.exec(file)?.[1] ?? []);
      if (copies.length === 0) return;
      const used = new Set([...(await listInUse())].map(nameOf));
      for (const name of copies.filter((copy) => !used.has(copy) && !isOpened(copy))) {
        // Under its lock: whoever opens it now finds it whole, or makes it again.
        const removal = async () => (isOpened(name) ? undefined : removeNamed(name));
        await withFileLock(lockOf(name), AbortSignal.timeout(openedMs), () => undefined, removal);
        opened.delete(name);
      }
    },
    async removeUnfinished() {
      for (const name of (await list()).filter((found) => /\.(?:scratch|partial|lock)$/.test(found))) {
        await rm(join(folder, name), { recursive: true, force: true });
      }
    },
    async open(files, signal) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      opened.set(nameOf(files.blobPrefix), now());
      const make = () => openFiles({ folder, blobs, work }, files, signal);
      return withFileLock(lockOf(nameOf(files.blobPrefix)), signal, () => undefined, make);
    },
  };
}
