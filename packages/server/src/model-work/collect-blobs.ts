import type { BlobStore } from '../blobs/blob-store.ts';
import { forgetBlobDeletion, listBlobDeletions } from '../store/blob-deletions.ts';
import type { Database } from '../store/database.ts';
import { listPrefixesInUse } from '../store/models-in-use.ts';
import type { WorkingCopies } from './working-copies.ts';

export interface BlobCollector {
  close(): Promise<void>;
}

const intervalMs = 15_000;

/**
 * Removes the files of models and datasets that were deleted, and plain copies that nothing runs on. The wish
 * to do so was written with the deletion, so that it outlives a server that dies; removing twice is harmless,
 * so that several servers may do it.
 */
export function startBlobCollector(
  db: Database,
  blobs: BlobStore,
  workingCopies: WorkingCopies,
  onError: (error: Error) => void,
): BlobCollector {
  let running = Promise.resolve();
  const collect = () => {
    running = running.then(() => collectBlobs(db, blobs, workingCopies)).catch(onError);
  };
  const timer = setInterval(collect, intervalMs).unref();
  collect();
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Removes what is to go now. */
export async function collectBlobs(
  db: Database,
  blobs: BlobStore,
  workingCopies: WorkingCopies,
): Promise<void> {
  for (const prefix of await listBlobDeletions(db)) {
    await workingCopies.remove(prefix);
    await blobs.removeAll(prefix);
    await forgetBlobDeletion(db, prefix);
  }
  await workingCopies.removeUnused(() => listPrefixesInUse(db));
}
