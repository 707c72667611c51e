import { randomUUID } from 'node:crypto';
import { ApiError, checkLegal, invalidField } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import { finishClaimed, type ReleaseClaim } from '../../blobs/write-claimed.ts';
import { readSecretValue } from '../../secrets/read-secret-value.ts';
import { requestBlobDeletion } from '../../store/blob-deletions.ts';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import { lockModel, readModel, type StoredModel, updateModel } from '../../store/models.ts';
import { makeBlobPrefix } from '../../store/open-uploads.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { planUpload } from '../store-support/plan-upload.ts';
import { requireModel } from './check-model.ts';
import { copyModel, findCopySource } from './copy-model.ts';
import { type ImportRequest, type ImportSource, readImportSource } from './import-source.ts';
import { validateFiles } from './validate-files.ts';

/**
 * Fills a model with files from elsewhere, in the background of this process: the credentials stay in its
 * memory and are written nowhere, so an import that dies with its server is begun again by the caller. The
 * model's state and status tell how it goes, also that; what had come by then is removed.
 */
export function makeImportHandler(context: ControlPlaneContext): Pick<HandlersOf<typeof models>, 'import'> {
  const { db, log } = context;

  /** Begins and returns; what becomes of it is in the model's status. */
  async function begin(
    name: string,
    origin: string,
    run: (blobPrefix: string) => Promise<void>,
    explain: Explain,
  ): Promise<void> {
    const blobPrefix = makeBlobPrefix(name, randomUUID());
    const cutMessage = `the import from ${origin} was cut off when its server ended; begin it again`;
    await setStatus(context, name, 'OK', `importing from ${origin}`, (transaction) =>
      context.claims.make({ prefix: blobPrefix, told: { model: name, cutMessage } }, transaction),
    );
    void run(blobPrefix).catch(async (error: Error) => {
      const reason = error instanceof ApiError ? error.message : explain(error);
      log.warn({ model: name, reason }, 'an import failed');
      await setStatus(context, name, 'INVALID_ARGUMENT', `import failed: ${reason}`).catch((cause) =>
        log.error({ err: cause, model: name }, 'the outcome of an import could not be written'),
      );
    });
  }

  return {
    async import({ name, body }, { principal }) {
      const model = requireModel(name, await readModel(db, name), principal.account);
      checkLegal(models, 'import', name, model.resource.state ?? '');
      const given = [body.awsS3Source, body.huggingFaceSource, body.sourceModel || undefined];
      if (given.filter((source) => source !== undefined).length > 1) {
        throw invalidField('awsS3Source', 'name one of awsS3Source, huggingFaceSource and sourceModel');
      }
      if (body.sourceModel) {
        const source = await findCopySource(context, principal.account, body.sourceModel, model);
        await begin(
          name,
          source.resource.name,
          (blobPrefix) => copyModel(context, model, source, blobPrefix),
          ({ message }) => message,
        );
      } else {
        const source = readImportSource(await openCredentials(context, model.account, body), context);
        await begin(
          name,
          source.origin,
          (blobPrefix) => importFiles(context, model, source, blobPrefix),
          source.explain,
        );
      }
      return { name: `${name}/operations/${randomUUID()}`, metadata: { model: name }, done: false };
    },
  };
}

/** The request with the values of the secrets that it names. */
async function openCredentials(
  context: ControlPlaneContext,
  account: string,
  body: ImportRequest,
): Promise<ImportRequest> {
  const open = (field: string, given: string) => readSecretValue(context, account, field, given);
  const { awsS3Source: bucket, huggingFaceSource: repository } = body;
  if (bucket?.accessSecret) {
    const accessSecret = await open('awsS3Source.accessSecret', bucket.accessSecret);
    return { ...body, awsS3Source: { ...bucket, accessSecret } };
  }
  if (!repository?.token) return body;
  const token = await open('huggingFaceSource.token', repository.token);
  return { ...body, huggingFaceSource: { ...repository, token } };
}

type Explain = (error: Error) => string;

/** A stalled source must not keep an import forever. */
const IMPORT_MS_MAX = 24 * 3_600_000;

async function importFiles(
  context: ControlPlaneContext,
  model: StoredModel,
  source: ImportSource,
  blobPrefix: string,
): Promise<void> {
  const filled = await finishClaimed(context, blobPrefix, (release) =>
    receiveFiles(context, model.resource.name, source, blobPrefix, release),
  );
  await validateFiles(context, filled, false);
}

async function receiveFiles(
  context: ControlPlaneContext,
  name: string,
  source: ImportSource,
  blobPrefix: string,
  release: ReleaseClaim,
): Promise<StoredModel> {
  const { db, blobs } = context;
  const files = await source.listFiles(AbortSignal.timeout(IMPORT_MS_MAX));
  if (files.length === 0) throw new ApiError('NOT_FOUND', `${source.origin} holds no files`);
  const uploadFiles = planUpload(
    Object.fromEntries(files.map(({ path, sizeBytes }) => [path, String(sizeBytes)])),
  );
  for (const [index, { path, sizeBytes, open }] of files.entries()) {
    const progress = `importing from ${source.origin}: file ${index + 1} of ${files.length}, ${path}`;
    await setStatus(context, name, 'OK', progress);
    await blobs.write(`${blobPrefix}/${path}`, await open(), sizeBytes);
  }
  return db.transaction().execute(async (transaction) => {
    const current = await lockModel(transaction, name);
    if (current === null) throw new ApiError('NOT_FOUND', `${name} was deleted meanwhile`);
    checkLegal(models, 'import', name, current.resource.state ?? '');
    if (current.blobPrefix !== null) await requestBlobDeletion(transaction, current.blobPrefix);
    await release(transaction);
    const { huggingFaceUrl } = source;
    const origin = { importedFrom: source.origin, ...(huggingFaceUrl === '' ? {} : { huggingFaceUrl }) };
    return updateModel(transaction, { ...current.resource, ...origin }, { blobPrefix, uploadFiles });
  });
}

async function setStatus(
  { db }: ControlPlaneContext,
  name: string,
  code: 'OK' | 'INVALID_ARGUMENT',
  message: string,
  alsoWrite: (transaction: DatabaseOrTransaction) => Promise<void> = async () => undefined,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const current = await lockModel(transaction, name);
    await alsoWrite(transaction);
    if (current === null || current.resource.state === 'READY') return;
    await updateModel(transaction, {
      ...current.resource,
      status: { code, message: message.slice(0, 2000) },
    });
  });
}
