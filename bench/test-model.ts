import { homedir } from 'node:os';
import { join } from 'node:path';
import { fetchModel, findCatalogueEntry, loadCatalogue } from '../packages/server/src/catalogue/index.ts';

/**
 * Path of SmolLM2-135M-Instruct, fetched unless it is in the cache; or of the GGUF file that
 * SPARKLER_BENCH_MODEL names, for the same model in another precision. Rejects with what to do.
 */
export async function fetchTestModel(): Promise<string> {
  const given = process.env.SPARKLER_BENCH_MODEL;
  if (given) return given;
  const cacheFolder = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
  const entry = findCatalogueEntry(loadCatalogue(), 'smollm2-135m-instruct');
  return (await fetchModel(entry, { cacheFolder })).path;
}
