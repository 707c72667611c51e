export type { ModelConverter } from './convert-once.ts';
export type { CatalogueEntry } from './entry.ts';
export {
  type FetchedModel,
  type FetchOptions,
  fetchModel,
  findFetchedFile,
  listFetchedFiles,
} from './fetch-model.ts';
export { CatalogueFileError, findCatalogueEntry, loadCatalogue } from './load-catalogue.ts';
export { FetchStoppedError, ModelUnavailableError } from './model-unavailable-error.ts';
export type { FetchProgress, ProgressListener } from './progress.ts';
export { type HubFile, type HubRepository, listHubFiles } from './sources/hub-files.ts';
