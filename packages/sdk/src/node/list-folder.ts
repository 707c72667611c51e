import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { FireworksError } from '../core/errors.ts';

export interface LocalFile {
  /** As the server knows it: a path relative to the folder, with slashes. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/**
 * Files of a model folder, deep. Links are refused as the platform does: what they point to may not be what
 * is meant. Hidden files and folders (.git, .cache) are left out. Throws FireworksError.
 */
export async function listFolder(folder: string): Promise<LocalFile[]> {
  const info = await lstat(folder).catch(() => null);
  if (info === null || !info.isDirectory()) throw new FireworksError(`${folder} is not a folder`);
  const files: LocalFile[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    if (name.split('/').some((part) => part.startsWith('.'))) continue;
    if (entry.isSymbolicLink()) {
      throw new FireworksError(`${name} is a symbolic link: copy the file itself (cp -L) and try again`);
    }
    if (entry.isFile()) files.push({ name, path, sizeBytes: (await lstat(path)).size });
  }
  if (files.length === 0) throw new FireworksError(`${folder} is empty`);
  return files.sort((a, b) => a.name.localeCompare(b.name));
}
