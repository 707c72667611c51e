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

function cacheFolder(): string {
  return process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
}

/** The file of a real model, fetched if it is not here, or the reason why there is none. */
export async function findRealModel(
  model = realModel,
): Promise<{ readonly path: string } | { readonly reason: string }> {
  try {
    return {
      path: (await fetchModel(findCatalogueEntry(loadCatalogue(), model), { cacheFolder: cacheFolder() }))
        .path,
    };
  } catch (error) {
    if (!(error instanceof ModelUnavailableError || error instanceof FetchStoppedError)) throw error;
    return { reason: error.message };
  }
}

/** A whole server with a real model, or the reason why there is none. */
export async function startRealModel(
  model = realModel,
  variables: Readonly<Record<string, string>> = {},
): Promise<Platform | string> {
  const found = await findRealModel(model);
  if ('reason' in found) return found.reason;
  return await startPlatform({
    SPARKLER_RUNNER: 'llama-cpp',
    SPARKLER_CACHE: cacheFolder(),
    SPARKLER_MODEL: model,
    SPARKLER_ENGINE_CELLS: '4096',
    SPARKLER_ENGINE_SEQUENCES: '8',
    ...variables,
  });
}
