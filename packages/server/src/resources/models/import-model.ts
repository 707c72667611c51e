import { randomUUID } from 'node:crypto';
import { ApiError, checkLegal, invalidField } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import type { BucketSource } from '../../blobs/list-bucket.ts';
import { listBucket } from '../../blobs/list-bucket.ts';
import { requestBlobDeletion } from '../../store/blob-deletions.ts';
import { lockModel, readModel, type StoredModel, updateModel } from '../../store/models.ts';
import { makeBlobPrefix } from '../../store/open-uploads.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { planUpload } from '../store-support/plan-upload.ts';
import { requireModel } from './check-model.ts';
import { validateFiles } from './validate-files.ts';

/**
 * Fills a model with files from a bucket, in the background of this process: the credentials stay in its
 * memory and are written nowhere, so an import that dies with its server is begun again by the caller. The
 * model's state and status tell how it goes.
 */
export function makeImportHandler(context: ControlPlaneContext): Pick<HandlersOf<typeof models>, 'import'> {
  const { db, importEndpoint, log } = context;
  return {
    async import({ name, body }, { principal }) {
      const model = requireModel(name, await readModel(db, name), principal.account);
      checkLegal(models, 'import', name, model.resource.state ?? '');
      const from = body.awsS3Source;
      if (from === undefined) {
        throw invalidField('awsS3Source', "missing field 'awsS3Source': the bucket to import from");
      }
      if (from.roleArn) {
        const message = 'roles are not assumed here; send accessKeyId and accessSecret';
        throw invalidField('awsS3Source.roleArn', message);
      }
      if (!from.accessKeyId !== !from.accessSecret) {
        throw invalidField('awsS3Source.accessSecret', 'accessKeyId and accessSecret go together');
      }
      const source: BucketSource = {
        bucket: from.s3Bucket ?? '',
        prefix: (from.s3Path ?? '').replace(/^\/+|\/+$/g, ''),
        endpoint: importEndpoint || undefined,
        credentials: from.accessKeyId
          ? { accessKeyId: from.accessKeyId, secretAccessKey: from.accessSecret ?? '' }
          : undefined,
      };
      await setStatus(context, name, 'OK', `importing from s3://${source.bucket}/${source.prefix}`);
      void importFiles(context, model, source).catch(async (error: Error) => {
        const reason = error instanceof ApiError ? error.message : describe(error, source);
        log.warn({ model: name, reason }, 'an import failed');
        await setStatus(context, name, 'INVALID_ARGUMENT', `import failed: ${reason}`).catch((cause) =>
          log.error({ err: cause, model: name }, 'the outcome of an import could not be written'),
        );
      });
      const operation = `${name}/operations/${randomUUID()}`;
      return { name: operation, metadata: { model: name }, done: false };
    },
  };
}

async function importFiles(context: ControlPlaneContext, model: StoredModel, source: BucketSource) {
  const { db, blobs } = context;
  const { name } = model.resource;
  const objects = await listBucket(source);
  const sizes = Object.fromEntries(objects.map(({ path, sizeBytes }) => [path, String(sizeBytes)]));
  if (objects.length === 0) {
    const message = `s3://${source.bucket}/${source.prefix} holds no files`;
    throw new ApiError('NOT_FOUND', message);
  }
  const uploadFiles = planUpload(sizes);
  const blobPrefix = makeBlobPrefix(name, randomUUID());
  try {
    for (const { path, sizeBytes, open } of objects) {
      await blobs.write(`${blobPrefix}/${path}`, await open(), sizeBytes);
    }
    const filled = await db.transaction().execute(async (transaction) => {
      const current = await lockModel(transaction, name);
      if (current === null) throw new ApiError('NOT_FOUND', `${name} was deleted meanwhile`);
      checkLegal(models, 'import', name, current.resource.state ?? '');
      if (current.blobPrefix !== null) await requestBlobDeletion(transaction, current.blobPrefix);
      return updateModel(transaction, current.resource, { blobPrefix, uploadFiles });
    });
    await validateFiles(context, filled, false);
  } catch (error) {
    const current = await readModel(db, name);
    if (current?.blobPrefix !== blobPrefix) await blobs.removeAll(blobPrefix);
    throw error;
  }
}

async function setStatus(
  { db }: ControlPlaneContext,
  name: string,
  code: 'OK' | 'INVALID_ARGUMENT',
  message: string,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const current = await lockModel(transaction, name);
    if (current === null || current.resource.state === 'READY') return;
    await updateModel(transaction, {
      ...current.resource,
      status: { code, message: message.slice(0, 2000) },
    });
  });
}

/** Errors of the SDK by their names; their texts may hold request ids and addresses, never credentials. */
function describe(error: Error, { bucket }: BucketSource): string {
  const advice: Readonly<Record<string, string>> = {
    NoSuchBucket: `there is no bucket ${bucket}`,
    AccessDenied: 'the credentials have no right to it (s3:ListBucket and s3:GetObject are needed)',
    InvalidAccessKeyId: 'there is no such access key',
    SignatureDoesNotMatch: 'the access secret is wrong',
    CredentialsProviderError: 'no credentials were sent, and the server has none of its own',
  };
  return advice[error.name] ?? `${error.name}: ${error.message.slice(0, 300)}`;
}
