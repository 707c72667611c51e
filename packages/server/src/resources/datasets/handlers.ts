import { randomUUID } from 'node:crypto';
import { ApiError, changeResource, checkResourceId, invalidField, resolveReference } from '@sparkler/api';
import { datasets } from '@sparkler/api/resources';
import { checkIfMatch } from '../../http/etag.ts';
import { requestBlobDeletion } from '../../store/blob-deletions.ts';
import {
  type DatasetResource,
  deleteDataset,
  insertDataset,
  listDatasets,
  lockDataset,
  readDataset,
  type StoredDataset,
  updateDataset,
} from '../../store/datasets.ts';
import { makeBlobPrefix } from '../../store/open-uploads.ts';
import { isDuplicate } from '../../store/postgres-errors.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';

/** Making, finding, changing and removing datasets. Their files are the business of file-handlers.ts. */
export function makeDatasetHandlers(context: ControlPlaneContext): HandlersOf<typeof datasets> {
  const { db } = context;
  return {
    list: ({ ids, list }) => listDatasets(db, ids.account, list),
    async get({ name }) {
      return requireDataset(name, await readDataset(db, name)).resource;
    },
    async create({ ids, name: parent, id, resource, body }, { principal }) {
      checkSource(resource, body.filter ?? '');
      const name = `${parent}/datasets/${checkResourceId(id ?? '', 'datasetId')}`;
      const made: DatasetResource = { ...resource, name, state: 'UPLOADING', createdBy: principal.user };
      const insert: Insert = (dataset, files) =>
        insertDataset(db, ids.account, dataset, files).catch((error) => {
          if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
          throw error;
        });
      const source = body.sourceDatasetId ?? '';
      if (source !== '') return (await copyDataset(context, ids.account, made, source, insert)).resource;
      return (await insert({ ...made, userUploaded: {} }, {})).resource;
    },
    update({ name, updates }, { ifMatch }) {
      return db.transaction().execute(async (transaction) => {
        const { resource } = requireDataset(name, await lockDataset(transaction, name));
        checkIfMatch(ifMatch, name, resource);
        const next = changeResource(datasets, resource, updates);
        return (await updateDataset(transaction, next)).resource;
      });
    },
    delete({ name }, { ifMatch }) {
      return db.transaction().execute(async (transaction) => {
        const { resource, blobPrefix } = requireDataset(name, await lockDataset(transaction, name));
        checkIfMatch(ifMatch, name, resource);
        if (blobPrefix !== null) await requestBlobDeletion(transaction, blobPrefix);
        await deleteDataset(transaction, name);
      });
    },
  };
}

export function requireDataset(name: string, dataset: StoredDataset | null): StoredDataset {
  if (dataset === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
  return dataset;
}

/** Ways of making a dataset that are not offered are refused by name. */
function checkSource(resource: Partial<DatasetResource>, filter: string): void {
  const refused = ['evaluationResult', 'transformed', 'splitted', 'evalProtocol', 'sourceJobName'] as const;
  const given = refused.find((key) => resource[key] !== undefined && resource[key] !== '');
  if (given !== undefined) {
    const advice = 'upload the examples (userUploaded), or copy a dataset with sourceDatasetId';
    throw invalidField(`dataset.${given}`, `dataset.${given} is set by jobs; ${advice}`);
  }
  if (resource.externalUrl) {
    throw invalidField(
      'dataset.externalUrl',
      'datasets that lie elsewhere are not read; upload the examples',
    );
  }
  if (filter !== '')
    throw invalidField('filter', 'examples can not be filtered; make a file of those you want');
}

type Insert = (
  dataset: DatasetResource,
  files: Partial<Pick<StoredDataset, 'blobPrefix' | 'uploadFiles'>>,
) => Promise<StoredDataset>;

/** A ready dataset of the examples of another one. */
async function copyDataset(
  { db, blobs }: ControlPlaneContext,
  account: string,
  wanted: DatasetResource,
  reference: string,
  insert: Insert,
): Promise<StoredDataset> {
  const sourceName = resolveReference(datasets.pattern, reference, account);
  const source = sourceName === null ? null : await readDataset(db, sourceName);
  if (source === null || source.account !== account) {
    throw invalidField('sourceDatasetId', `sourceDatasetId: there is no dataset ${reference}`);
  }
  if (source.resource.state !== 'READY' || source.blobPrefix === null) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      `${source.resource.name} is not ready; validate its upload first`,
    );
  }
  const prefix = makeBlobPrefix(wanted.name, randomUUID());
  try {
    for (const { key, sizeBytes } of await blobs.list(source.blobPrefix)) {
      const target = prefix + key.slice(source.blobPrefix.length);
      await blobs.write(target, await blobs.read(key), sizeBytes);
    }
    const { format = 'FORMAT_UNSPECIFIED' } = source.resource;
    const { name, displayName, createdBy } = wanted;
    const copy: DatasetResource = {
      ...source.resource,
      ...(displayName === undefined ? {} : { displayName }),
      ...(createdBy === undefined ? {} : { createdBy }),
      name,
      transformed: { sourceDatasetId: source.resource.name, filter: '', originalFormat: format },
    };
    delete copy.userUploaded;
    return await insert(copy, { blobPrefix: prefix, uploadFiles: source.uploadFiles });
  } catch (error) {
    await blobs.removeAll(prefix);
    throw error;
  }
}
