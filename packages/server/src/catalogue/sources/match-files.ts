import type { CatalogueFile } from '../entry.ts';
import { SourceError } from '../model-unavailable-error.ts';

export interface MatchedFile<T> {
  readonly path: string;
  readonly wanted: CatalogueFile;
  readonly listed: T;
}

/**
 * Finds the wanted files, which may hold `*`, in what a source listed by path.
 * Throws SourceError naming the first that is missing.
 */
export function matchFiles<T>(
  wanted: readonly CatalogueFile[],
  listed: ReadonlyMap<string, T>,
  where: string,
): MatchedFile<T>[] {
  return wanted.flatMap((file) => {
    const pattern = patternOf(file.path);
    const found = [...listed].filter(([path]) => pattern.test(path)).sort(([a], [b]) => (a < b ? -1 : 1));
    if (found.length === 0 && !file.optional) throw new SourceError(`${file.path} is not in ${where}`);
    return found.map(([path, value]) => ({ path, wanted: file, listed: value }));
  });
}

/** `*` stands for any characters but a slash. */
export function patternOf(path: string): RegExp {
  const escaped = path.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`^${escaped}$`);
}
