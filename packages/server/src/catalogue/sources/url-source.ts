import type { Checksum } from '../checksum.ts';
import type { CatalogueFile } from '../entry.ts';
import { SourceError } from '../model-unavailable-error.ts';
import { fetchFrom, openHttpContent } from './http-content.ts';
import type { ModelSource, OfferedFile, SourceContext } from './source.ts';

/**
 * Files below a web address. Wildcards can't be listed there, and a file without a known checksum needs a
 * header.
 */
export function createUrlSource(base: string): ModelSource {
  const root = base.endsWith('/') ? base : `${base}/`;
  return {
    description: `Address ${root}`,
    async offer(files, context) {
      const offered = await Promise.all(files.map((file) => offerFile(root, file, context)));
      return offered.filter((file) => file !== null);
    },
  };
}

async function offerFile(
  root: string,
  file: CatalogueFile,
  { signal }: SourceContext,
): Promise<OfferedFile | null> {
  if (file.path.includes('*')) {
    throw new SourceError(`a web address cannot list ${file.path}; name each file in the catalogue`);
  }
  const url = root + file.path.split('/').map(encodeURIComponent).join('/');
  const checksum = file.sha256 === null ? await readReprDigest(url, signal) : null;
  return {
    path: file.path,
    sizeBytes: file.sizeBytes,
    checksum,
    content: {
      kind: 'stream',
      stage: 'downloading',
      open: (fromByte, openSignal) => openHttpContent(url, {}, fromByte, openSignal),
    },
  };
}

/** RFC 9530: `Repr-Digest: sha-256=:…:`. */
async function readReprDigest(url: string, signal: AbortSignal): Promise<Checksum> {
  const response = await fetchFrom(url, { 'want-repr-digest': 'sha-256=10', range: 'bytes=0-0' }, signal);
  await response.body?.cancel();
  const digest = /sha-256=:([A-Za-z0-9+/=]+):/.exec(response.headers.get('repr-digest') ?? '')?.[1];
  if (digest !== undefined)
    return { algorithm: 'sha256', hex: Buffer.from(digest, 'base64').toString('hex') };
  throw new SourceError(
    `${url} tells no checksum (Repr-Digest) and the catalogue has none: give its sha256 there`,
  );
}
