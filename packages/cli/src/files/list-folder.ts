import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { UsageError } from '../exit-codes.ts';
import type { FileToUpload } from './upload-files.ts';

/**
 * Files of a model folder, deep. Links are refused as the platform does: what they point to may not be what
 * is meant. Hidden files and folders (.git, .cache) are left out.
 */
export async function listFolder(folder: string): Promise<FileToUpload[]> {
  const info = await lstat(folder).catch(() => null);
  if (info === null || !info.isDirectory()) throw new UsageError(`${folder} is not a folder`);
  const files: FileToUpload[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    if (name.split('/').some((part) => part.startsWith('.'))) continue;
    if (entry.isSymbolicLink()) {
      throw new UsageError(`${name} is a symbolic link: copy the file itself (cp -L) and try again`);
    }
    if (entry.isFile()) files.push({ name, path, sizeBytes: (await lstat(path)).size });
  }
  if (files.length === 0) throw new UsageError(`${folder} is empty`);
  return files.sort((a, b) => a.name.localeCompare(b.name));
}
