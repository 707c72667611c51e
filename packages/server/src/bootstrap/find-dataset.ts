import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../store/database.ts';
import { readDataset } from '../store/datasets.ts';
import { joinFiles } from './join-files.ts';
import type { FileParts } from './open-files.ts';

interface DatasetParts {
  readonly db: Database;
  readonly files: FileParts;
  /** Where datasets of a store elsewhere are copied to. */
  readonly dataFolder: string;
}

/** 'pending': it is not ready. */
export type FoundDataset = 'pending' | { readonly path: string } | { readonly problem: string };

/**
 * Where the examples of a dataset lie on this machine, as one file; copied there from a store elsewhere.
 */
export async function findDataset(
  { db, files, dataFolder }: DatasetParts,
  name: string,
): Promise<FoundDataset> {
  const dataset = await readDataset(db, name);
  if (dataset === null) return { problem: `there is no ${name}` };
  if (dataset.resource.state !== 'READY') return 'pending';
  const { blobPrefix } = dataset;
  const names = Object.keys(dataset.uploadFiles);
  if (blobPrefix === null || names.length === 0)
    return { problem: `${name} has no examples on this platform` };
  const scratch = join(dataFolder, name.replaceAll('/', '-'));
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const folder =
    (await files.blobs.localFolder(blobPrefix)) ??
    (await files.blobs.openFolder(blobPrefix, scratch, AbortSignal.timeout(600_000)));
  return { path: await joinFiles(folder, names, join(scratch, 'joined')) };
}
