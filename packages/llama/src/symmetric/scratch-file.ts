import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file that is there for this process alone. */
export interface ScratchFile {
  readonly path: string;
  dispose(): Promise<void>;
}

/**
 * Makes a file in the folder for temporary files, which only this user can read. On Linux it has no name
 * there: it is reached through the open file, and gone with the process however that ends. Throws what making
 * a file throws.
 */
export async function openScratchFile(): Promise<ScratchFile> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-weights-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'weights.gguf');
  if (process.platform !== 'linux') return { path, dispose: removeFolder };
  try {
    const file = await open(path, 'w', 0o600);
    return { path: `/proc/self/fd/${file.fd}`, dispose: () => file.close() };
  } finally {
    await removeFolder();
  }
}
