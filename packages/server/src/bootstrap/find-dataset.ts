import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Database } from '../store/database.ts';
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
  const { rows } = await sql<{
    state: string;
    blob_prefix: string | null;
    upload_files: Record<string, number>;
  }>`
    select state, blob_prefix, upload_files from datasets where name = ${name}`.execute(db);
  const row = rows[0];
  if (row === undefined) return { problem: `there is no ${name}` };
  if (row.state !== 'READY') return 'pending';
  const names = Object.keys(row.upload_files);
  if (row.blob_prefix === null || names.length === 0)
    return { problem: `${name} has no examples on this platform` };
  const scratch = join(dataFolder, name.replaceAll('/', '-'));
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const folder =
    (await files.blobs.localFolder(row.blob_prefix)) ??
    (await files.blobs.openFolder(row.blob_prefix, scratch, AbortSignal.timeout(600_000)));
  return { path: await joinFiles(folder, names, join(scratch, 'joined')) };
}
