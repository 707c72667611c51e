import { createReadStream } from 'node:fs';
import { BlobError, type BlobStore } from './blob-store.ts';

/** Begins the keys of files of public models, which lie in the model cache and not in the store. */
export const cataloguePrefix = 'catalogue';

export interface LocalFile {
  readonly localPath: string;
  readonly sizeBytes: number;
}

/** Finds a file of a catalogue model on this machine; null when it is not here. */
export type FindCatalogueFile = (catalogueId: string, path: string) => Promise<LocalFile | null>;

/**
 * A store whose signed URLs lead to files of the catalogue as well: to be read, and never to be written. The
 * others are those of the store.
 */
export function withCatalogueFiles(blobs: BlobStore, find: FindCatalogueFile): BlobStore {
  const findFile = (key: string) => {
    const [prefix, catalogueId = '', ...path] = key.split('/');
    return prefix === cataloguePrefix ? find(catalogueId, path.join('/')) : null;
  };
  return {
    ...blobs,
    async stat(key) {
      const file = findFile(key);
      if (file === null) return blobs.stat(key);
      const found = await file;
      return found === null ? null : { key, sizeBytes: found.sizeBytes };
    },
    async read(key, range) {
      const file = findFile(key);
      if (file === null) return blobs.read(key, range);
      const found = await file;
      if (found === null) throw new BlobError('missing', `there is no ${key} on this machine any more`);
      const part = range === undefined ? {} : { start: range.fromByte, end: range.toByte };
      return createReadStream(found.localPath, part);
    },
  };
}
