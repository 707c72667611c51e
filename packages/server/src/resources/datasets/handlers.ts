import { randomUUID } from 'node:crypto';
import { ApiError, changeResource, checkResourceId, invalidField } from '@sparkler/api';
import { datasets } from '@sparkler/api/resources';
import { readExternalUrl } from '../../dataset-work/external-source.ts';
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
      const copy = readCopyRequest(body);
      checkSource(context, resource, copy !== null);
      const name = `${parent}/datasets/${checkResourceId(id ?? '', 'datasetId')}`;
      const made: DatasetResource = { ...resource, name, state: 'UPLOADING', createdBy: principal.user };
      const insert: InsertDataset = (dataset, files, within) =>
        insertDataset(within, ids.account, dataset, files).catch((error) => {
          if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
          throw error;
        });
      if (copy !== null) return (await copyDataset(context, ids.account, made, copy, insert)).resource;
      if (!made.externalUrl) return (await insert({ ...made, userUploaded: {} }, {}, db)).resource;
      return db.transaction().execute(async (transaction) => {
        const status = { code: 'OK' as const, message: 'being fetched from its externalUrl' };
        const blobPrefix = makeBlobPrefix(name, randomUUID());
        const { resource: shown } = await insert({ ...made, status }, { blobPrefix }, transaction);
        await context.queue.request({ kind: 'dataset', name }, transaction);
        return shown;
      });
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

/** Throws ApiError (400) for two sources at once, and for ways of making a dataset that are not offered. */
function checkSource(
  context: ControlPlaneContext,
  { externalUrl, ...resource }: Partial<DatasetResource>,
  isCopy: boolean,
): void {
  const refused = {
    evaluationResult: 'evaluation jobs are not run here',
    evalProtocol: 'evaluations are not run here',
    sourceJobName: 'it names the job that made a dataset, and is set by that',
    splitted: 'splits are made with :splitDataset of the dataset to be split',
  } as const;
  const keys = Object.keys(refused) as (keyof typeof refused)[];
  const given = keys.find((key) => resource[key] !== undefined && resource[key] !== '');
  if (given !== undefined) {
    const advice =
      'upload the examples (userUploaded), have them fetched (externalUrl) or copy a dataset (sourceDatasetId)';
    throw invalidField(`dataset.${given}`, `dataset.${given}: ${refused[given]}; ${advice}`);
  }
  if (!externalUrl) return;
  const field = 'dataset.externalUrl';
  if (isCopy || resource.userUploaded !== undefined) {
    throw invalidField(field, `${field}: a dataset comes from one place; leave the other out`);
  }
  try {
    readExternalUrl(externalUrl, context.externalFiles);
  } catch (error) {
    throw invalidField(field, `${field}: ${(error as Error).message}`);
  }
}
