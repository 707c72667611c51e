import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
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
  /** Removes what a server that died had begun to make. Nothing of this folder may be in use yet. */
  removeUnfinished(): Promise<void>;
}

/** Part of the names of converted files: raise it when the converter gives other files. */
const CONVERTER_VERSION = 1;

/** Copies in a folder private to this server's user. They may be deleted whenever no replica runs on them. */
export function createWorkingCopies(folder: string, blobs: BlobStore, work: ModelWork): WorkingCopies {
  const nameOf = (blobPrefix: string) =>
    createHash('sha256').update(`${CONVERTER_VERSION} ${blobPrefix}`).digest('hex').slice(0, 32);

  async function convert({ model, blobPrefix }: UploadedFiles, target: string, signal: AbortSignal) {
    if (existsSync(target)) return;
    const scratch = `${target}.scratch`;
    try {
      const source = await blobs.openFolder(blobPrefix, scratch, signal);
      await work.run({ task: 'convert', folder: source, target, name: model }, signal);
    } finally {
      await rm(scratch, { recursive: true, force: true });
      await rm(`${target}.partial`, { force: true });
    }
  }

  /** A local store is its own folder; a copy from elsewhere is complete when its name has no ending. */
  async function openCopy(blobPrefix: string, signal: AbortSignal): Promise<string> {
    const target = join(folder, nameOf(blobPrefix));
    if (existsSync(target)) return target;
    const scratch = `${target}.scratch`;
    await rm(scratch, { recursive: true, force: true });
    const opened = await blobs.openFolder(blobPrefix, scratch, signal);
    if (opened !== scratch) return opened;
    await rename(scratch, target);
    return target;
  }

  return {
    async remove(blobPrefix) {
      for (const ending of ['', '.gguf']) {
        await rm(join(folder, nameOf(blobPrefix) + ending), { recursive: true, force: true });
      }
    },
    async removeUnfinished() {
      const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
        if (error.code === 'ENOENT') return [];
        throw error;
      });
      for (const name of names.filter((found) => /\.(?:scratch|partial|lock)$/.test(found))) {
        await rm(join(folder, name), { recursive: true, force: true });
      }
    },
    async open(files, signal) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const { blobPrefix, facts } = files;
      const lock = join(folder, `${nameOf(blobPrefix)}.lock`);
      return withFileLock(
        lock,
        signal,
        () => undefined,
        async () => {
          if (facts.format === 'peft') return openCopy(blobPrefix, signal);
          if (facts.format === 'gguf') return join(await openCopy(blobPrefix, signal), facts.file ?? '');
          const target = join(folder, `${nameOf(blobPrefix)}.gguf`);
          await convert(files, target, signal);
          return target;
        },
      );
    },
  };
}
