import { ApiError, changeResource, checkResourceId, invalidField } from '@sparkler/api';
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
import { isDuplicate } from '../../store/postgres-errors.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { copyDataset, type InsertDataset, readCopyRequest } from './copy-dataset.ts';

/** Making, finding, changing and removing datasets. Their files are the business of file-handlers.ts. */
export function makeDatasetHandlers(context: ControlPlaneContext): HandlersOf<typeof datasets> {
  const { db } = context;
  return {
    list: ({ ids, list }) => listDatasets(db, ids.account, list),
    async get({ name }) {
      return requireDataset(name, await readDataset(db, name)).resource;
    },
    async create({ ids, name: parent, id, resource, body }, { principal }) {
      checkSource(resource);
      const copy = readCopyRequest(body);
      const name = `${parent}/datasets/${checkResourceId(id ?? '', 'datasetId')}`;
      const made: DatasetResource = { ...resource, name, state: 'UPLOADING', createdBy: principal.user };
      const insert: InsertDataset = (dataset, files) =>
        insertDataset(db, ids.account, dataset, files).catch((error) => {
          if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
          throw error;
        });
      if (copy !== null) return (await copyDataset(context, ids.account, made, copy, insert)).resource;
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
function checkSource(resource: Partial<DatasetResource>): void {
  const refused = ['evaluationResult', 'splitted', 'evalProtocol', 'sourceJobName'] as const;
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
}
