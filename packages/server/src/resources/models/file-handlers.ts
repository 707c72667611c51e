import { randomUUID } from 'node:crypto';
import { ApiError, checkLegal, invalidField } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import type { Principal } from '../../http/principal.ts';
import { ModelRefusedError } from '../../model-work/model-work.ts';
import { lockModel, readModel, type StoredModel, updateModel } from '../../store/models.ts';
import { makeBlobPrefix } from '../../store/open-uploads.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { makeDownloadUrls, makeUploadUrls } from '../store-support/blob-urls.ts';
import { planUpload } from '../store-support/plan-upload.ts';
import { requireModel } from './check-model.ts';
import { signCatalogueFiles } from './download-catalogue.ts';
import { refusedFiles, validateFiles } from './validate-files.ts';

type FileHandlers = Pick<
  HandlersOf<typeof models>,
  'getUploadEndpoint' | 'validateUpload' | 'getDownloadEndpoint' | 'validateConfig'
>;

/** Files of models: where to send them, whether they are right, where to get them. */
export function makeModelFileHandlers(context: ControlPlaneContext): FileHandlers {
  const { db } = context;
  return {
    async getUploadEndpoint({ name, body }, { principal, baseUrl }) {
      const files = planUpload(body.filenameToSize ?? {});
      const prefix = await db.transaction().execute(async (transaction) => {
        const model = requireModel(name, await lockModel(transaction, name), principal.account);
        checkState(model.resource, 'getUploadEndpoint');
        // Asked again, it goes on with the same upload: what has arrived stays.
        const blobPrefix = model.blobPrefix ?? makeBlobPrefix(name, randomUUID());
        const uploadFiles = { ...model.uploadFiles, ...files };
        await updateModel(transaction, model.resource, { blobPrefix, uploadFiles });
        return blobPrefix;
      });
      return {
        filenameToSignedUrls: makeUploadUrls(context, baseUrl, prefix, files),
        filenameToUnsignedUris: {},
      };
    },
    async validateUpload({ name, query }, { principal }) {
      const model = requireModel(name, await readModel(db, name), principal.account);
      checkState(model.resource, 'validateUpload');
      if (query.trustRemoteCode) {
        throw invalidField('trustRemoteCode', 'code that comes with a model is never run here');
      }
      if (query.skipHfConfigValidation) {
        throw invalidField(
          'skipHfConfigValidation',
          'config.json is always checked: it decides how the model runs',
        );
      }
      if (model.resource.state === 'READY') return { warnings: [] };
      return { warnings: await validateFiles(context, model, query.configOnly === true) };
    },
    async getDownloadEndpoint({ name }, { principal, baseUrl }) {
      const model = requireModel(name, await readModel(db, name), principal.account);
      checkState(model.resource, 'getDownloadEndpoint');
      if (model.catalogueId === null) checkMayDownload(model, principal);
      if (model.catalogueId !== null) {
        const filenameToSignedUrls = await signCatalogueFiles(context, baseUrl, model.catalogueId, name);
        return { filenameToSignedUrls };
      }
      if (model.blobPrefix === null) throw new ApiError('FAILED_PRECONDITION', `${name} has no files`);
      return { filenameToSignedUrls: await makeDownloadUrls(context, baseUrl, model.blobPrefix) };
    },
    async validateConfig({ body }) {
      if (body.tokenizerConfigJson) parseJson('tokenizerConfigJson', body.tokenizerConfigJson);
      try {
        await context.modelWork.run({ task: 'check-config', config: body.configJson ?? '' });
      } catch (error) {
        throw error instanceof ModelRefusedError ? refusedFiles(error) : error;
      }
      return {};
    },
  };
}

/** What an account uploaded is for its own people; public means that others may run it. */
function checkMayDownload({ account, resource }: StoredModel, principal: Principal): void {
  if (account !== principal.account) {
    const message = `${resource.name} is public to be deployed; its files are given to accounts/${account} alone`;
    throw new ApiError('PERMISSION_DENIED', message);
  }
  if (principal.role !== 'inference-user') return;
  throw new ApiError(
    'PERMISSION_DENIED',
    'the role inference-user may only run inference, and downloads no model',
  );
}

function checkState({ name, state }: { name: string; state?: string }, method: string): void {
  checkLegal(models, method, name, state ?? '');
}

function parseJson(field: string, text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw invalidField(field, `${field} is not JSON`);
  }
}
