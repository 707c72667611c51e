import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HfModelError } from './hf-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The largest vocabularies make tokenizer.json files of about 35 MB. */
const JSON_BYTES_MAX = 256 * 1024 * 1024;

/** A JSON object of a folder; null when the file is not there. Throws HfModelError. */
export async function readJsonFile(folder: string, file: string): Promise<JsonObject | null> {
  const path = join(folder, file);
  const facts = await stat(path).catch(() => null);
  if (facts === null) return null;
  if (!facts.isFile()) throw new HfModelError(file, 'is not a file');
  if (facts.size > JSON_BYTES_MAX) throw new HfModelError(file, `is ${facts.size} bytes, too large to be one`);
  return parseJsonObject(file, await readFile(path, 'utf8'));
}

export function parseJsonObject(file: string, text: string): JsonObject {
  checkPointer(file, text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new HfModelError(file, `is not JSON (${(error as Error).message})`);
  }
  if (isObject(value)) return value;
  throw new HfModelError(file, 'does not hold a JSON object');
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands in place of a file after copying a folder of links: a path, or the card of Git LFS. */
export function checkPointer(file: string, beginning: string): void {
  if (beginning.startsWith('version https://git-lfs')) {
    throw new HfModelError(file, 'is a Git LFS card, not the file itself; fetch it with "git lfs pull"');
  }
  if (/^(?:\.\.?\/)+[\w./-]*blobs\/[0-9a-f]{40,64}\s*$/.test(beginning)) {
    throw new HfModelError(
      file,
      'is a symbolic link into a cache, not the file itself; download the model without symlinks (--local-dir)',
    );
  }
}
