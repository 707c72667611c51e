import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** One file of the repository. `path` is relative to the root, with slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const skippedFolders = new Set(['node_modules', '.git', '.cache', 'dist', 'coverage', 'results']);

/** Files of the working tree that the repository would hold, sorted by path. */
export function listFiles(root: string = repositoryRoot): string[] {
  const found: string[] = [];
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!skippedFolders.has(entry.name)) visit(path);
      } else if (entry.isFile()) found.push(relative(root, path).split(sep).join('/'));
    }
  };
  visit(root);
  return found.sort();
}

/**
 * The hand-written programs: TypeScript and plain JavaScript, without what tools generate and tests feed in.
 */
export function readSourceFiles(root: string = repositoryRoot): SourceFile[] {
  return listFiles(root)
    .filter((path) => /\.(ts|tsx|mjs)$/.test(path) && !/(^|\/)(generated|fixtures)\//.test(path))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}
