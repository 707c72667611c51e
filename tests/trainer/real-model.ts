import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  FetchStoppedError,
  fetchModel,
  findCatalogueEntry,
  loadCatalogue,
  ModelUnavailableError,
} from '../../packages/server/src/catalogue/index.ts';

/** Path of SmolLM2-135M-Instruct, or the reason why it can't be had. */
export async function findRealModel(): Promise<{ path: string } | { missing: string }> {
  const cacheFolder = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
  try {
    const entry = findCatalogueEntry(loadCatalogue(), 'smollm2-135m-instruct');
    return { path: (await fetchModel(entry, { cacheFolder })).path };
  } catch (error) {
    if (!(error instanceof ModelUnavailableError || error instanceof FetchStoppedError)) throw error;
    return { missing: error.message };
  }
}
