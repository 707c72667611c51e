import { randomUUID } from 'node:crypto';
import { ApiError, invalidField, type JsonFilter, readJsonFilter, resolveReference } from '@sparkler/api';
import { datasets } from '@sparkler/api/resources';
import type { Static } from 'typebox';
import { writeClaimed } from '../../blobs/write-claimed.ts';
import { DatasetRefusedError, LINE_BYTES_MAX } from '../../dataset-work/check-examples.ts';
import { describeExamples } from '../../dataset-work/complete-dataset.ts';
import { readLines } from '../../dataset-work/read-lines.ts';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import { type DatasetResource, readDataset, type StoredDataset } from '../../store/datasets.ts';
import { makeBlobPrefix } from '../../store/open-uploads.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';

type CreateRequest = Static<typeof datasets.methods.create.body>;

/** What a new dataset is to hold: the examples of another one, all or those that a filter takes. */
export interface CopyRequest {
  readonly source: string;
  /** As the caller wrote it; empty: all. */
  readonly filterText: string;
  readonly filter: JsonFilter | null;
}

/**
 * The copy that a request asks for, beside the dataset or in its `transformed`; null: none. Throws ApiError.
 */
export function readCopyRequest({ dataset, sourceDatasetId, filter }: CreateRequest): CopyRequest | null {
  const transformed = dataset?.transformed;
  const source = sourceDatasetId || transformed?.sourceDatasetId || '';
  const filterText = (filter || transformed?.filter || '').trim();
  if (source === '') {
    if (filterText === '') return null;
    throw invalidField('filter', 'filter takes examples of another dataset: name it with sourceDatasetId');
  }
  return { source, filterText, filter: readJsonFilter(filterText) };
}

export type InsertDataset = (
  dataset: DatasetResource,
  files: Partial<Pick<StoredDataset, 'blobPrefix' | 'uploadFiles'>>,
  within: DatabaseOrTransaction,
) => Promise<StoredDataset>;

/** A ready dataset of examples of another one. Throws ApiError (400) when none, or too few, are taken. */
export async function copyDataset(
  context: ControlPlaneContext,
  account: string,
  wanted: DatasetResource,
  request: CopyRequest,
  insert: InsertDataset,
): Promise<StoredDataset> {
  const source = await findSource(context, account, request.source);
  const prefix = makeBlobPrefix(wanted.name, randomUUID());
  return writeClaimed(context, { prefix }, async (release) => {
    const uploadFiles = await copyFiles(context, source, prefix, request.filter);
    const { format = 'FORMAT_UNSPECIFIED' } = source.resource;
    const { name, displayName, createdBy } = wanted;
    const copy: DatasetResource = {
      ...source.resource,
      ...(request.filter === null ? {} : await countExamples(context, prefix, format)),
      ...(displayName === undefined ? {} : { displayName }),
      ...(createdBy === undefined ? {} : { createdBy }),
      name,
      transformed: {
        sourceDatasetId: source.resource.name,
        filter: request.filterText,
        originalFormat: format,
      },
    };
    delete copy.userUploaded;
    return context.db.transaction().execute(async (transaction) => {
      await release(transaction);
      return insert(copy, { blobPrefix: prefix, uploadFiles }, transaction);
    });
  });
}

async function findSource(
  { db }: ControlPlaneContext,
  account: string,
  reference: string,
): Promise<StoredDataset & { readonly blobPrefix: string }> {
  const name = resolveReference(datasets.pattern, reference, account);
  const source = name === null ? null : await readDataset(db, name);
  if (source === null || source.account !== account) {
    throw invalidField('sourceDatasetId', `sourceDatasetId: there is no dataset ${reference}`);
  }
  const { blobPrefix } = source;
  if (source.resource.state === 'READY' && blobPrefix !== null) return { ...source, blobPrefix };
  const message = `${source.resource.name} is not ready; validate its upload first`;
  throw new ApiError('FAILED_PRECONDITION', message);
}

/** Bytes by name of the files of the copy. */
async function copyFiles(
  { blobs }: ControlPlaneContext,
  { blobPrefix }: { readonly blobPrefix: string },
  prefix: string,
  filter: JsonFilter | null,
): Promise<Record<string, number>> {
  const files: Record<string, number> = {};
  for (const { key, sizeBytes } of await blobs.list(blobPrefix)) {
    const name = key.slice(blobPrefix.length + 1);
    const content = await blobs.read(key);
    const taken = filter === null ? content : takeLines(content, filter);
    files[name] = await blobs.write(`${prefix}/${name}`, taken, filter === null ? sizeBytes : null);
  }
  return files;
}

/** Lines of a checked file that a filter takes, as they stand. */
async function* takeLines(
  content: AsyncIterable<Uint8Array>,
  filter: JsonFilter,
): AsyncGenerator<Uint8Array> {
  for await (const { text } of readLines(content, LINE_BYTES_MAX)) {
    if (text !== null && filter(JSON.parse(text))) yield Buffer.from(`${text}\n`);
  }
}

async function countExamples(
  { blobs }: ControlPlaneContext,
  prefix: string,
  format: NonNullable<DatasetResource['format']>,
): Promise<Partial<DatasetResource>> {
  return describeExamples(blobs, prefix, format).catch((error) => {
    if (!(error instanceof DatasetRefusedError)) throw error;
    throw invalidField('filter', `of the examples that the filter takes, ${error.message}`);
  });
}
