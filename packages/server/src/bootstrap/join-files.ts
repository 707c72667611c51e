import { createReadStream, createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * One file of lines out of several, in the order of their names; a file's last line may lack its line break.
 * Made once: a file of the right size at `target` is taken as it is.
 * @returns `target`, or the only file there is.
 */
export async function joinFiles(folder: string, names: readonly string[], target: string): Promise<string> {
  const paths = [...names].sort().map((name) => join(folder, name));
  if (paths.length === 1) return paths[0]!;
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size + 1));
  const wanted = sizes.reduce((sum, size) => sum + size, 0);
  const present = await stat(target).catch(() => null);
  if (present?.size === wanted) return target;
  // Beside the target and then renamed, so that a crash leaves no half file under its name.
  const draft = `${target}.${process.pid}.part`;
  await pipeline(readAll(paths), createWriteStream(draft, { mode: 0o600 }));
  await rename(draft, target);
  return target;
}

async function* readAll(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) {
    yield* createReadStream(path);
    yield new Uint8Array([10]);
  }
}
