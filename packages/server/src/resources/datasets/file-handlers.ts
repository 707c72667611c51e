import { randomUUID } from 'node:crypto';
import { ApiError, checkLegal, idOf, invalidField, type UploadedFile } from '@sparkler/api';
import { datasets } from '@sparkler/api/resources';
import { isBlobKey } from '../../blobs/blob-store.ts';
import { explainBlobError } from '../../blobs/mount-blobs.ts';
import { writeClaimed } from '../../blobs/write-claimed.ts';
import { DatasetRefusedError } from '../../dataset-work/check-examples.ts';
import { completeDataset } from '../../dataset-work/complete-dataset.ts';
import { requestBlobDeletion } from '../../store/blob-deletions.ts';
import { lockDataset, readDataset, type StoredDataset, updateDataset } from '../../store/datasets.ts';
import { makeBlobPrefix } from '../../store/open-uploads.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { makeDownloadUrls, makeUploadUrls } from '../store-support/blob-urls.ts';
import { checkUploaded } from '../store-support/check-uploaded.ts';
import { planUpload } from '../store-support/plan-upload.ts';
import { requireDataset } from './handlers.ts';

type FileHandlers = Pick<
  HandlersOf<typeof datasets>,
  'upload' | 'getUploadEndpoint' | 'validateUpload' | 'getDownloadEndpoint'
>;

/**
 * Files of datasets: sent in one request or to URLs, checked line by line, and never changed once they are
 * ready.
 */
export function makeDatasetFileHandlers(context: ControlPlaneContext): FileHandlers {
  const { db, blobs } = context;
  return {
    async upload({ name, file }) {
      const dataset = requireDataset(name, await readDataset(db, name));
      checkState(dataset, 'upload');
      const { filename, bytes } = await receiveFile(context, dataset, file);
      const ready = await validate(context, requireDataset(name, await readDataset(db, name)));
      return {
        id: name,
        object: 'file',
        bytes,
        created_at: Math.floor(Date.parse(ready.resource.createTime ?? '') / 1000),
        filename,
        purpose: 'fine-tune',
      };
    },
    async getUploadEndpoint({ name, body }, { baseUrl }) {
      const files = planUpload(body.filenameToSize ?? {});
      const prefix = await db.transaction().execute(async (transaction) => {
        const dataset = requireDataset(name, await lockDataset(transaction, name));
        checkState(dataset, 'getUploadEndpoint');
        const blobPrefix = dataset.blobPrefix ?? makeBlobPrefix(name, randomUUID());
        const uploadFiles = { ...dataset.uploadFiles, ...files };
        await updateDataset(transaction, dataset.resource, { blobPrefix, uploadFiles });
        return blobPrefix;
      });
      return { filenameToSignedUrls: makeUploadUrls(context, baseUrl, prefix, files) };
    },
    async validateUpload({ name }) {
      const dataset = requireDataset(name, await readDataset(db, name));
      checkState(dataset, 'validateUpload');
      if (dataset.resource.state === 'READY') return {};
      await checkUploaded(blobs, dataset.blobPrefix, dataset.uploadFiles);
      await validate(context, dataset);
      return {};
    },
    async getDownloadEndpoint({ name }, { baseUrl }) {
      const dataset = requireDataset(name, await readDataset(db, name));
      checkState(dataset, 'getDownloadEndpoint');
      const folder = `dataset/${idOf(name)}/`;
      const urls = await makeDownloadUrls(context, baseUrl, dataset.blobPrefix ?? '', folder);
      return { filenameToSignedUrls: urls };
    },
  };
}

function checkState({ resource }: StoredDataset, method: string): void {
  const { name, state, externalUrl, status } = resource;
  checkLegal(datasets, method, name, state ?? '');
  if (state === 'READY' || !externalUrl) return;
  const how = status?.code === 'OK' ? 'wait until it is ready' : 'delete it and make another one';
  throw new ApiError('FAILED_PRECONDITION', `${name} is fetched from its externalUrl; ${how}`);
}

/** Writes the file of an upload in one request, in place of whatever was sent before. */
async function receiveFile(
  context: ControlPlaneContext,
  dataset: StoredDataset,
  file: UploadedFile | null,
): Promise<{ filename: string; bytes: number }> {
  if (file === null) throw invalidField('file', 'the form has no file');
  const { db, blobs } = context;
  const filename = file.filename.replace(/^.*[/\\]/, '') || 'dataset.jsonl';
  if (!isBlobKey(filename)) {
    throw invalidField('file', `the file's name must be of letters, digits, space and . _ + = @ -`);
  }
  const { name } = dataset.resource;
  const blobPrefix = makeBlobPrefix(name, randomUUID());
  return writeClaimed(context, { prefix: blobPrefix }, async (release) => {
    const bytes = await blobs.write(`${blobPrefix}/${filename}`, file.content, null).catch((error) => {
      throw explainBlobError(error);
    });
    await db.transaction().execute(async (transaction) => {
      const current = requireDataset(name, await lockDataset(transaction, name));
      checkState(current, 'upload');
      if (current.blobPrefix !== null) await requestBlobDeletion(transaction, current.blobPrefix);
      await release(transaction);
      await updateDataset(transaction, current.resource, { blobPrefix, uploadFiles: { [filename]: bytes } });
    });
    return { filename, bytes };
  });
}

/** Checks every line and makes the dataset ready. Throws ApiError (400) naming each wrong line. */
async function validate(context: ControlPlaneContext, dataset: StoredDataset): Promise<StoredDataset> {
  const { name } = dataset.resource;
  const ready = await completeDataset(context, dataset).catch((error) => {
    if (!(error instanceof DatasetRefusedError)) throw error;
    const violations = error.problems.map(({ file, message }) => ({
      field: file || name,
      description: `${file}${message}`,
    }));
    throw new ApiError('INVALID_ARGUMENT', error.message, violations);
  });
  if (ready === null) throw new ApiError('ABORTED', `${name} was changed or given other files meanwhile`);
  return ready;
}
