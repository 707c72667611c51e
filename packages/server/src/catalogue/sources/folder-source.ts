import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Checksum } from '../checksum.ts';
import { SourceError } from '../model-unavailable-error.ts';
import { matchFiles } from './match-files.ts';
import type { ModelSource } from './source.ts';

/**
 * Files in a folder of this machine, used where they lie. A file whose checksum the catalogue doesn't know
 * needs a
 * `<file>.sha256` beside it (what `sha256sum` prints), so that a half-copied model is never served.
 */
export function createFolderSource(folder: string, description = `Folder ${folder}`): ModelSource {
  return {
    description,
    async offer(files) {
      const listed = await listFolder(folder);
      const matched = matchFiles(files, listed, folder);
      return Promise.all(
        matched.map(async ({ path, wanted, listed: localPath }) => ({
          path,
          sizeBytes: (await stat(localPath)).size,
          checksum: wanted.sha256 === null ? await readSidecar(localPath) : null,
          content: { kind: 'local' as const, localPath },
        })),
      );
    },
  };
}

async function listFolder(folder: string): Promise<Map<string, string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    return new Map(paths.map((path) => [relative(folder, path).split(sep).join('/'), path]));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new SourceError('there is no such folder');
    throw new SourceError(`it cannot be read: ${message}`);
  }
}

async function readSidecar(path: string): Promise<Checksum> {
  const sidecar = `${path}.sha256`;
  const text = await readFile(sidecar, 'utf8').catch(() => '');
  const hex = /^[0-9a-f]{64}\b/i.exec(text.trim())?.[0].toLowerCase();
  if (hex !== undefined) return { algorithm: 'sha256', hex };
  throw new SourceError(
    `the checksum of ${path} is not known; if the file is good, run: sha256sum '${path}' > '${sidecar}'`,
  );
}
