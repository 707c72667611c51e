import { createHash } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import type { VerifiedFile } from './verified-files.ts';

/** Turns a model in Hugging Face's form into one GGUF file. */
export interface ModelConverter {
  /** Changes when the same folder would give another file; part of the result's name. */
  readonly version: string;
  /** Writes `target`. Rejects with an error that names what is wrong with the folder. */
  convert(folder: string, target: string, signal: AbortSignal): Promise<void>;
}

/** Converts unless the same content was converted before. Gives the GGUF file's path in `cacheFolder`. */
export async function convertOnce(
  folder: string,
  files: readonly VerifiedFile[],
  cacheFolder: string,
  converter: ModelConverter,
  signal: AbortSignal,
  onWait: () => void,
): Promise<string> {
  const target = join(cacheFolder, `converted-${nameOf(files, converter.version)}.gguf`);
  if (await exists(target)) return target;
  await withFileLock(`${target}.lock`, signal, onWait, async () => {
    if (await exists(target)) return;
    const part = `${target}.part`;
    try {
      await converter.convert(folder, part, signal);
      await rename(part, target);
    } finally {
      await rm(part, { force: true });
    }
  });
  return target;
}

function nameOf(files: readonly VerifiedFile[], version: string): string {
  const hash = createHash('sha256').update(version);
  for (const file of files) hash.update(`\n${file.path} ${file.checksum.hex}`);
  return hash.digest('hex').slice(0, 16);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
