import { ApiError } from '@sparkler/api';
import { cataloguePrefix, type LocalFile } from '../../blobs/with-catalogue-files.ts';
import type { CatalogueDownload, ControlPlaneContext } from '../control-plane-context.ts';
import { signDownloads } from '../store-support/blob-urls.ts';

/**
 * URLs of the files of a public model, as they lie on this machine. Throws ApiError (400) for a model whose
 * licence has to be accepted at its publisher, and for one that was not fetched.
 */
export async function signCatalogueFiles(
  context: ControlPlaneContext,
  baseUrl: string,
  catalogueId: string,
  name: string,
): Promise<Record<string, string>> {
  const { licence, files } = await context.listCatalogueFiles(catalogueId);
  const refusal = explainRefusal(name, licence, files === null);
  if (refusal !== null) throw new ApiError('FAILED_PRECONDITION', refusal);
  const keys = (files ?? []).map(({ path }) => [path, `${cataloguePrefix}/${catalogueId}/${path}`] as const);
  return signDownloads(context, baseUrl, keys);
}

/** A file that such a URL leads to. */
export async function findPublicFile(
  { listCatalogueFiles }: ControlPlaneContext,
  catalogueId: string,
  path: string,
): Promise<LocalFile | null> {
  const { licence, files } = await listCatalogueFiles(catalogueId);
  if (licence === null || licence.gated) return null;
  return files?.find((file) => file.path === path) ?? null;
}

function explainRefusal(
  name: string,
  licence: CatalogueDownload['licence'],
  isMissing: boolean,
): string | null {
  if (licence === null) return `${name} is not in the catalogue of this server any more`;
  if (licence.gated) {
    return `${name} is given out by its publisher alone, to who accepts its licence (${licence.name}): ${licence.url}`;
  }
  if (!isMissing) return null;
  return `the files of ${name} are not on this server, which fetches them when it is deployed; or get them from ${licence.url}`;
}
