import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  FetchStoppedError,
  fetchModel,
  findCatalogueEntry,
  loadCatalogue,
  ModelUnavailableError,
} from '../../packages/server/src/catalogue/index.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/** The real model that tests use: 98 MB, and it answers simple questions. */
export const realModel = 'smollm2-135m-instruct';

/** A whole server with a real model, or the reason why there is none. */
export async function startRealModel(
  model = realModel,
  variables: Readonly<Record<string, string>> = {},
): Promise<Platform | string> {
  const cacheFolder = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
  try {
    await fetchModel(findCatalogueEntry(loadCatalogue(), model), { cacheFolder });
  } catch (error) {
    if (!(error instanceof ModelUnavailableError || error instanceof FetchStoppedError)) throw error;
    return error.message;
  }
  return await startPlatform({
    SPARKLER_RUNNER: 'llama-cpp',
    SPARKLER_CACHE: cacheFolder,
    SPARKLER_MODEL: model,
    SPARKLER_ENGINE_CELLS: '4096',
    SPARKLER_ENGINE_SEQUENCES: '8',
    ...variables,
  });
}
