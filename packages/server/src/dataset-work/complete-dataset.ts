import type { BlobStore } from '../blobs/blob-store.ts';
import type { Database } from '../store/database.ts';
import { type DatasetResource, lockDataset, type StoredDataset, updateDataset } from '../store/datasets.ts';
import { checkExamples, DatasetRefusedError } from './check-examples.ts';

/**
 * Checks every line of a dataset whose files are there, and makes it ready. Null: it was removed or got other
 * files meanwhile. Throws DatasetRefusedError; what is wrong is kept in the dataset's status as well.
 */
export async function completeDataset(
  { db, blobs }: { readonly db: Database; readonly blobs: BlobStore },
  dataset: StoredDataset,
): Promise<StoredDataset | null> {
  try {
    return await changeDataset(db, dataset, {
      state: 'READY',
      status: { code: 'OK', message: '' },
      ...(await describeExamples(blobs, dataset.blobPrefix ?? '', dataset.resource.format)),
    });
  } catch (error) {
    if (!(error instanceof DatasetRefusedError)) throw error;
    await changeDataset(db, dataset, { status: { code: 'INVALID_ARGUMENT', message: error.message } });
    throw error;
  }
}

/** The fields of a dataset that its lines decide. Throws DatasetRefusedError. */
export async function describeExamples(
  blobs: BlobStore,
  prefix: string,
  wanted: DatasetResource['format'] = 'FORMAT_UNSPECIFIED',
): Promise<Partial<DatasetResource>> {
  const facts = await checkExamples(blobs, prefix, wanted);
  return {
    format: facts.format,
    exampleCount: String(facts.exampleCount),
    estimatedTokenCount: String(facts.estimatedTokenCount),
    averageTurnCount: facts.averageTurnCount,
  };
}

/** Changes a dataset that is not ready, unless it got other files meanwhile; then null. */
export function changeDataset(
  db: Database,
  dataset: StoredDataset,
  fields: Partial<DatasetResource>,
  uploadFiles?: StoredDataset['uploadFiles'],
): Promise<StoredDataset | null> {
  return db.transaction().execute(async (transaction) => {
    const current = await lockDataset(transaction, dataset.resource.name);
    const isSame =
      current?.resource.state === 'UPLOADING' &&
      current.blobPrefix === dataset.blobPrefix &&
      JSON.stringify(current.uploadFiles) === JSON.stringify(dataset.uploadFiles);
    if (!isSame) return null;
    return updateDataset(
      transaction,
      { ...current.resource, ...fields },
      uploadFiles === undefined ? {} : { uploadFiles },
    );
  });
}
