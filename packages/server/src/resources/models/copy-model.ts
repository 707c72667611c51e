import { ApiError, checkLegal, invalidField, resolveReference } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import { finishClaimed } from '../../blobs/write-claimed.ts';
import { requestBlobDeletion } from '../../store/blob-deletions.ts';
import { lockModel, readModel, type StoredModel, updateModel } from '../../store/models.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import { isVisible } from './check-model.ts';

/**
 * The model that a model is to be a copy of: of the account itself or public; a bare id is looked for in the
 * provider's account too. Throws ApiError (400).
 */
export async function findCopySource(
  { db, settings }: ControlPlaneContext,
  account: string,
  reference: string,
  target: StoredModel,
): Promise<StoredModel> {
  for (const owner of [account, settings.providerAccount]) {
    const name = resolveReference(models.pattern, reference, owner);
    const found = name === null ? null : await readModel(db, name);
    if (found === null || found.resource.name === target.resource.name || !isVisible(found, account))
      continue;
    const { resource } = found;
    if (resource.state !== 'READY') {
      throw new ApiError('FAILED_PRECONDITION', `${resource.name} is not ready; finish its upload first`);
    }
    if (resource.kind !== target.resource.kind) {
      const message = `${resource.name} is of kind ${resource.kind}: create the model with that kind to copy it`;
      throw invalidField('sourceModel', message);
    }
    return found;
  }
  throw invalidField('sourceModel', `sourceModel: there is no model ${reference}`);
}

/**
 * Makes a model what another one is, with files of its own. The source may be changed and removed afterwards.
 */
export async function copyModel(
  context: ControlPlaneContext,
  target: StoredModel,
  source: StoredModel,
  /** Claimed for the copy. */
  blobPrefix: string,
): Promise<void> {
  const { db, blobs } = context;
  const { name } = target.resource;
  await finishClaimed(context, blobPrefix, async (release) => {
    const from = source.blobPrefix;
    for (const { key, sizeBytes } of from === null ? [] : await blobs.list(from)) {
      await blobs.write(blobPrefix + key.slice(from!.length), await blobs.read(key), sizeBytes);
    }
    await db.transaction().execute(async (transaction) => {
      const current = await lockModel(transaction, name);
      if (current === null) throw new ApiError('NOT_FOUND', `${name} was deleted meanwhile`);
      checkLegal(models, 'import', name, current.resource.state ?? '');
      if (current.blobPrefix !== null) await requestBlobDeletion(transaction, current.blobPrefix);
      await release(transaction);
      const { prepared: _prepared, ...weights } = source.weights ?? {};
      await updateModel(transaction, describeCopy(current, source), {
        ...(from === null ? {} : { blobPrefix }),
        ...(source.weights === null ? {} : { weights }),
        uploadFiles: source.uploadFiles,
        catalogueId: source.catalogueId,
        supportsChat: source.supportsChat,
      });
    });
  });
}

/** What the files decide comes from the source; names, texts and visibility stay the copy's own. */
function describeCopy({ resource }: StoredModel, source: StoredModel): StoredModel['resource'] {
  const { displayName, description, name, createdBy, public: isPublic = false } = resource;
  // These name things of the source's account.
  const {
    fineTuningJob: _job,
    defaultDraftModel: _draft,
    defaultDraftTokenCount: _count,
    ...shown
  } = source.resource;
  const prepared = Object.keys((source.weights?.prepared ?? {}) as object);
  return {
    ...shown,
    name,
    public: isPublic,
    ...(createdBy === undefined ? {} : { createdBy }),
    displayName: displayName || shown.displayName || '',
    description: description || shown.description || '',
    // Copies in other precisions are not taken along; they can be prepared again.
    precisions: (shown.precisions ?? []).filter((precision) => !prepared.includes(precision)),
    status: { code: 'OK', message: '' },
    importedFrom: source.resource.name,
  };
}
