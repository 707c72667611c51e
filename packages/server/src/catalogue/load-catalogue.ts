import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type CatalogueEntry, catalogueEntrySchema } from './entry.ts';

const builtInFolder = fileURLToPath(new URL('./data', import.meta.url));
const listSchema = Type.Array(catalogueEntrySchema);

/** A catalogue file that cannot be used; names the file and the place in it. */
export class CatalogueFileError extends Error {
  override readonly name = 'CatalogueFileError';
}

/**
 * The models that can be turned on by name: those that come with the product (`data/*.json`), then those of
 * the operator's own file (same form, `SPARKLER_CATALOGUE`), which replace entries of the same name.
 * Throws CatalogueFileError.
 */
export function loadCatalogue(
  operatorFile: string | undefined = process.env.SPARKLER_CATALOGUE,
): CatalogueEntry[] {
  const builtIn = readdirSync(builtInFolder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(builtInFolder, name));
  const entries = new Map<string, CatalogueEntry>();
  for (const path of builtIn) {
    for (const entry of readEntries(path)) {
      if (entries.has(entry.name)) throw new CatalogueFileError(`${path}: ${entry.name} is there twice.`);
      entries.set(entry.name, entry);
    }
  }
  if (operatorFile) for (const entry of readEntries(operatorFile)) entries.set(entry.name, entry);
  return [...entries.values()];
}

/** Finds an entry by its name or an alias; the error lists what there is. Throws CatalogueFileError. */
export function findCatalogueEntry(catalogue: readonly CatalogueEntry[], name: string): CatalogueEntry {
  const found = catalogue.find((entry) => entry.name === name || entry.aliases.includes(name));
  if (found) return found;
  const names = catalogue.map((entry) => entry.name).sort();
  throw new CatalogueFileError(`The catalogue has no model ${name}. It has: ${names.join(', ')}.`);
}

function readEntries(path: string): CatalogueEntry[] {
  const content = readJson(path);
  if (Value.Check(listSchema, content)) return content;
  const [problem] = Value.Errors(listSchema, content);
  throw new CatalogueFileError(
    `The catalogue file ${path} is wrong at ${problem?.instancePath || 'its top'}: ${problem?.message}.`,
  );
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CatalogueFileError(`The catalogue file ${path} cannot be read: ${(error as Error).message}`);
  }
}
