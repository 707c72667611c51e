import { randomBytes } from 'node:crypto';
import { ApiError, invalidField, resolveReference } from '@sparkler/api';
import { models, type peftMergeJobs } from '@sparkler/api/resources';
import { checkIfMatch } from '../http/etag.ts';
import type { DatabaseOrTransaction } from '../store/database.ts';
import {
  deleteModelJob,
  insertModelJob,
  listMergeJobs,
  lockModelJob,
  readModelJob,
  toMergeJob,
} from '../store/model-jobs.ts';
import { insertModel, readModel, type StoredModel } from '../store/models.ts';
import { isDuplicate } from '../store/postgres-errors.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';
import { isVisible } from './models/check-model.ts';

/**
 * Jobs that make a base model of an addon and its base. The new model is there at once, and ready when the
 * job is done.
 */
export function makePeftMergeJobHandlers({
  db,
  queue,
}: ControlPlaneContext): HandlersOf<typeof peftMergeJobs> {
  return {
    list: ({ ids, list }) => listMergeJobs(db, ids.account, list),
    async get({ name }) {
      const job = await readModelJob(db, name);
      if (job === null) throw missing(name);
      return toMergeJob(job);
    },
    create({ ids, name: parent, resource }, { principal }) {
      const { displayName = '' } = resource;
      return db.transaction().execute(async (transaction) => {
        const addon = await requireAddon(transaction, ids.account, resource.peftModel ?? '');
        const mergedModel = resolveReference(models.pattern, resource.mergedModel ?? '', ids.account);
        if (mergedModel === null || !mergedModel.startsWith(`${parent}/`)) {
          throw invalidField('mergedModel', `mergedModel must be the name of a new model of ${parent}`);
        }
        const createdBy = principal.user;
        await insertModel(transaction, ids.account, {
          name: mergedModel,
          displayName,
          description: `${addon.resource.name} merged into its base model`.slice(0, 999),
          kind: 'HF_BASE_MODEL',
          state: 'UPLOADING',
          status: { code: 'OK', message: 'being merged' },
          createdBy,
        }).catch((error) => {
          if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${mergedModel} exists already`);
          throw error;
        });
        const job = await insertModelJob(transaction, {
          name: `${parent}/PeftMergeJobs/m${randomBytes(8).toString('hex')}`,
          account: ids.account,
          kind: 'merge',
          displayName,
          createdBy,
          spec: { peftModel: addon.resource.name, mergedModel },
          model: mergedModel,
        });
        await queue.request({ kind: 'model-job', name: job.name }, transaction);
        return toMergeJob(job);
      });
    },
    /** A job that still runs is ended by this: it finds itself gone and keeps nothing. */
    delete({ name }, { ifMatch }) {
      return db.transaction().execute(async (transaction) => {
        const job = await lockModelJob(transaction, name);
        if (job === null) throw missing(name);
        checkIfMatch(ifMatch, name, toMergeJob(job));
        await deleteModelJob(transaction, name);
      });
    },
  };
}

function missing(name: string): ApiError {
  return new ApiError('NOT_FOUND', `there is no ${name}`);
}

async function requireAddon(
  db: DatabaseOrTransaction,
  account: string,
  reference: string,
): Promise<StoredModel> {
  const name = resolveReference(models.pattern, reference, account);
  const addon = name === null ? null : await readModel(db, name);
  if (addon === null || !isVisible(addon, account)) {
    throw invalidField('peftModel', `peftModel: there is no model ${reference}`);
  }
  if (addon.resource.kind !== 'HF_PEFT_ADDON') {
    throw invalidField('peftModel', `peftModel: ${addon.resource.name} is no LoRA addon`);
  }
  if (addon.resource.state === 'READY') return addon;
  throw new ApiError('FAILED_PRECONDITION', `${addon.resource.name} is not ready; validate its upload first`);
}
