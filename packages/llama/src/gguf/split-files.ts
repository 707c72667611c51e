import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { GgufError } from './gguf-error.ts';
import { numberOf } from './metadata-access.ts';
import type { GgufHeader } from './reader.ts';

/**
 * The other files of a model that comes in several: `name-00001-of-00003.gguf` and so on, all in one folder.
 * Throws GgufError when one is missing or the file given is not the first.
 */
export function listSplitFiles(path: string, header: GgufHeader): string[] {
  const count = numberOf(header.metadata, 'split.count') ?? 1;
  if (count < 2) return [];
  if (count > 1000) throw new GgufError(`split.count is ${count}, more parts than any model has`);
  const ending = (part: number): string => `-${pad(part)}-of-${pad(count)}.gguf`;
  if ((numberOf(header.metadata, 'split.no') ?? 0) !== 0 || !path.endsWith(ending(1))) {
    throw new GgufError(`a model in ${count} files is opened by its first, whose name ends ${ending(1)}`);
  }
  const prefix = basename(path).slice(0, -ending(1).length);
  const others = Array.from({ length: count - 1 }, (_, index) =>
    join(dirname(path), prefix + ending(index + 2)),
  );
  const missing = others.find((other) => !existsSync(other));
  if (missing !== undefined)
    throw new GgufError(`the model comes in ${count} files, and ${missing} is not there`);
  return others;
}

function pad(part: number): string {
  return String(part).padStart(5, '0');
}
