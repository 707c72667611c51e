import { ApiError, changeResource } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import { checkIfMatch } from '../../http/etag.ts';
import type { PreparedCopies } from '../../model-work/prepared.ts';
import { requestBlobDeletion } from '../../store/blob-deletions.ts';
import { findModelUse, readDeployedModelRefs } from '../../store/model-uses.ts';
import {
  deleteModel,
  insertModel,
  listModels,
  lockModel,
  type ModelResource,
  readModel,
  type StoredModel,
  updateModel,
} from '../../store/models.ts';
import { isDuplicate, isReferenced } from '../../store/postgres-errors.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { checkModel, requireModel, resolveKind } from './check-model.ts';

type ModelHandlers = HandlersOf<typeof models>;

/** Making, finding, changing and removing models. What happens to their files is in the other files here. */
export function makeModelHandlers({ db }: ControlPlaneContext): ModelHandlers {
  return {
    list: ({ ids, list }, { principal }) =>
      listModels(db, ids.account, ids.account === principal.account, list),
    async get({ name }, { principal }) {
      const [found, deployedModelRefs] = await Promise.all([
        readModel(db, name),
        readDeployedModelRefs(db, name, principal.account),
      ]);
      return { ...requireModel(name, found, principal.account).resource, deployedModelRefs };
    },
    async create({ ids, name: parent, id, resource, body }, { principal }) {
      if (body.cluster) {
        throw new ApiError('INVALID_ARGUMENT', 'cluster is not supported: models belong to no cluster here');
      }
      const kind = resolveKind(resource);
      const name = `${parent}/models/${id}`;
      const wanted: ModelResource = {
        ...resource,
        name,
        kind,
        state: 'UPLOADING',
        createdBy: principal.user,
      };
      const checked = await checkModel(db, ids.account, wanted);
      const made = await insertModel(db, ids.account, checked).catch((error) => {
        if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
        throw error;
      });
      return made.resource;
    },
    update({ ids, name, updates }, { principal, ifMatch }) {
      return db.transaction().execute(async (transaction) => {
        const current = requireModel(name, await lockModel(transaction, name), principal.account);
        checkIfMatch(ifMatch, name, current.resource);
        const next = await checkModel(
          transaction,
          ids.account,
          changeResource(models, current.resource, updates),
        );
        return (await updateModel(transaction, next)).resource;
      });
    },
    delete({ name }, { principal, ifMatch }) {
      return db.transaction().execute(async (transaction) => {
        const current = requireModel(name, await lockModel(transaction, name), principal.account);
        checkIfMatch(ifMatch, name, current.resource);
        const use = await findModelUse(transaction, name);
        if (use !== null) throw stillUsed(name, use);
        for (const prefix of listBlobPrefixes(current)) await requestBlobDeletion(transaction, prefix);
        await deleteModel(transaction, name).catch((error) => {
          if (isReferenced(error)) throw stillUsed(name, 'a deployment made meanwhile');
          throw error;
        });
      });
    },
  };
}

/** Everything that lies in the blob store for a model: its files, and its copies in other precisions. */
function listBlobPrefixes({ blobPrefix, weights }: StoredModel): string[] {
  const prepared = Object.values((weights?.prepared ?? {}) as PreparedCopies);
  return [...(blobPrefix === null ? [] : [blobPrefix]), ...prepared.map((copy) => copy.blobPrefix)];
}

function stillUsed(name: string, use: string): ApiError {
  const message = `${name} is deployed (${use}); undeploy it first. Deleted deployments count until they are purged`;
  return new ApiError('FAILED_PRECONDITION', message);
}
