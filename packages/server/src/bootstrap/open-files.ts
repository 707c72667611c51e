import { createHmac } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../blobs/blob-store.ts';
import { createEncryptedStore } from '../blobs/encrypted-store.ts';
import { type MasterKey, openKeyCommand, openKeyFile } from '../blobs/key-file.ts';
import { openLocalStore } from '../blobs/local-store.ts';
import { openS3Store } from '../blobs/s3-store.ts';
import { type CatalogueEntry, findFetchedFile, listFetchedFiles } from '../catalogue/index.ts';
import type { ExternalFiles } from '../dataset-work/external-source.ts';
import { createModelWork, type ModelWork } from '../model-work/model-work.ts';
import { createWorkingCopies, type WorkingCopies } from '../model-work/working-copies.ts';
import type { CatalogueDownload } from '../resources/control-plane-context.ts';
import { createSealer, type SecretSealer } from '../secrets/seal.ts';
import type { Settings } from '../settings.ts';
import { createAccountKeys } from '../store/account-keys.ts';
import { type BlobClaims, createBlobClaims } from '../store/blob-claims.ts';
import type { Database } from '../store/database.ts';
import { readKeySalt } from '../store/key-hash.ts';

/** Everything that has to do with files of models and datasets. */
export interface FileParts {
  readonly blobs: BlobStore;
  readonly claims: BlobClaims;
  readonly blobSecret: Buffer;
  readonly modelWork: ModelWork;
  readonly workingCopies: WorkingCopies;
  readonly scratchFolder: string;
  readonly sealer: SecretSealer;
  readonly importEndpoint: string;
  readonly externalFiles: ExternalFiles;
  readonly hubEndpoint: string;
  findCatalogueFile(catalogueId: string): Promise<string | null>;
  listCatalogueFiles(catalogueId: string): Promise<CatalogueDownload>;
}

/** Opens the blob store and prepares folders. Scratch of a server that died is removed. */
export async function openFiles(
  settings: Settings,
  db: Database,
  catalogue: readonly CatalogueEntry[],
  nodeId: string,
): Promise<FileParts> {
  const master = await openMasterKey(settings);
  const blobs = createEncryptedStore(await openBlobStore(settings), createAccountKeys(db, master));
  const modelWork = createModelWork();
  const scratchFolder = join(settings.dataFolder, 'scratch');
  await rm(scratchFolder, { recursive: true, force: true });
  await mkdir(scratchFolder, { recursive: true, mode: 0o700 });
  const workingCopies = createWorkingCopies(join(settings.dataFolder, 'working-copies'), blobs, modelWork);
  await workingCopies.removeUnfinished();
  return {
    blobs,
    claims: createBlobClaims(db, nodeId),
    // Derived, so that it needs no row of its own: one secret a database, never the salt itself.
    blobSecret: createHmac('sha256', await readKeySalt(db))
      .update('blob-urls')
      .digest(),
    modelWork,
    workingCopies,
    scratchFolder,
    sealer: createSealer(master),
    importEndpoint: settings.importEndpoint,
    externalFiles: { allowPrivate: settings.allowPrivateUrls, s3Endpoint: settings.importEndpoint },
    hubEndpoint: settings.hubEndpoint.replace(/\/$/, ''),
    async listCatalogueFiles(catalogueId) {
      const entry = catalogue.find((candidate) => candidate.name === catalogueId);
      const files = entry === undefined ? null : await listFetchedFiles(entry, settings.cacheFolder);
      return { licence: entry?.licence ?? null, files };
    },
    async findCatalogueFile(catalogueId) {
      const entry = catalogue.find((candidate) => candidate.name === catalogueId);
      return entry === undefined ? null : findFetchedFile(entry, settings.cacheFolder);
    },
  };
}

function openMasterKey({ keyCommand, keyFile, dataFolder }: Settings): Promise<MasterKey> {
  if (keyCommand !== '') return openKeyCommand(keyCommand);
  return openKeyFile(keyFile || join(dataFolder, 'master-key'));
}

function openBlobStore(settings: Settings): Promise<BlobStore> {
  const { blobs, blobsRegion, blobsEndpoint } = settings;
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*?))?\/?$/.exec(blobs) ?? [];
  if (bucket === undefined) return openLocalStore(blobs === '' ? join(settings.dataFolder, 'blobs') : blobs);
  return openS3Store({
    bucket,
    prefix,
    region: blobsRegion || undefined,
    endpoint: blobsEndpoint || undefined,
  });
}
