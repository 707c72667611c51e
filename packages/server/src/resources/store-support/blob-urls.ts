import { signUrl } from '../../blobs/signed-urls.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';

/** Long enough for slow lines and many gigabytes; each file's URL allows that file alone. */
const UPLOAD_MS = 24 * 3600 * 1000;
/** About what the public API gives. */
const DOWNLOAD_MS = 10 * 60 * 1000;

/** URLs to PUT files to, by file name. */
export function makeUploadUrls(
  { blobSecret, now }: ControlPlaneContext,
  baseUrl: string,
  prefix: string,
  files: Readonly<Record<string, number>>,
): Record<string, string> {
  const expireTimeMs = now() + UPLOAD_MS;
  return Object.fromEntries(
    Object.entries(files).map(([name, sizeBytes]) => {
      const access = { method: 'PUT', key: `${prefix}/${name}`, expireTimeMs, sizeBytes } as const;
      return [name, signUrl(blobSecret, baseUrl, access)];
    }),
  );
}

/** URLs to GET the files below a prefix from, by file name behind `folder`. */
export async function makeDownloadUrls(
  { blobs, blobSecret, now }: ControlPlaneContext,
  baseUrl: string,
  prefix: string,
  folder = '',
): Promise<Record<string, string>> {
  const listed = await blobs.list(prefix);
  const keys = listed.map(({ key }) => [folder + key.slice(prefix.length + 1), key] as const);
  return signDownloads({ blobSecret, now }, baseUrl, keys);
}

/** URLs to GET files from, by the name that is given with each key. */
export function signDownloads(
  { blobSecret, now }: Pick<ControlPlaneContext, 'blobSecret' | 'now'>,
  baseUrl: string,
  keys: readonly (readonly [name: string, key: string])[],
): Record<string, string> {
  const expireTimeMs = now() + DOWNLOAD_MS;
  return Object.fromEntries(
    keys.map(([name, key]) => {
      const access = { method: 'GET', key, expireTimeMs, sizeBytes: null } as const;
      return [name, signUrl(blobSecret, baseUrl, access)];
    }),
  );
}
