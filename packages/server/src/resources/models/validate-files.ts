import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from '@sparkler/api';
import { openHeads } from '../../blobs/open-heads.ts';
import type { AdapterFacts, ModelFacts, WeightFacts } from '../../model-work/facts.ts';
import { type BaseFiles, ModelRefusedError } from '../../model-work/model-work.ts';
import { lockModel, readModel, type StoredModel, updateModel } from '../../store/models.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import { checkUploaded } from '../store-support/check-uploaded.ts';
import { type CheckedModel, describeAdapter, describeBaseModel } from './describe-weights.ts';

/**
 * Checks the files of a model and makes it ready. What is wrong is kept in the model's status as well, and
 * the model stays as it is: the files can be sent again. Returns warnings. Throws ApiError (400) naming each
 * file at fault.
 */
export async function validateFiles(
  context: ControlPlaneContext,
  model: StoredModel,
  configOnly: boolean,
): Promise<string[]> {
  const { blobs, db } = context;
  const { name } = model.resource;
  const wanted = configOnly ? pickFile(model.uploadFiles, 'config.json') : model.uploadFiles;
  await checkUploaded(blobs, model.blobPrefix, wanted);
  const scratch = await mkdtemp(join(context.scratchFolder, 'validate-'));
  try {
    const folder = await blobs.openFolder(model.blobPrefix ?? '', scratch, AbortSignal.timeout(3_600_000));
    if (configOnly) {
      const config = await readFile(join(folder, 'config.json'), 'utf8');
      await context.modelWork.run({ task: 'check-config', config });
      return [];
    }
    const base = await readBaseModel(context, model);
    const facts = await checkFolder(context, model, folder, base);
    const checked =
      facts.format === 'peft' ? describeAdapter(model, base, facts) : describeBaseModel(model, facts);
    await makeReady(context, model, facts, checked);
    return [...checked.warnings];
  } catch (error) {
    if (!(error instanceof ModelRefusedError)) throw error;
    const status = { code: 'INVALID_ARGUMENT' as const, message: error.message.slice(0, 2000) };
    await db.transaction().execute(async (transaction) => {
      const current = await lockModel(transaction, name);
      if (current?.resource.state === 'UPLOADING')
        await updateModel(transaction, { ...current.resource, status });
    });
    throw refusedFiles(error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What is wrong with files, as the API tells it. */
export function refusedFiles(error: ModelRefusedError): ApiError {
  const violations = error.problems.map(({ file, message }) => ({
    field: file,
    description: file === '' ? message : `${file} ${message}`,
  }));
  return new ApiError('INVALID_ARGUMENT', error.message.slice(0, 4000), violations);
}

function pickFile(files: Readonly<Record<string, number>>, name: string): Record<string, number> {
  const size = files[name];
  if (size === undefined) throw new ApiError('FAILED_PRECONDITION', `${name} was not uploaded`);
  return { [name]: size };
}

async function readBaseModel({ db }: ControlPlaneContext, model: StoredModel): Promise<StoredModel | null> {
  const baseName = model.resource.peftDetails?.baseModel;
  if (baseName === undefined) return null;
  const base = await readModel(db, baseName);
  if (base !== null) return base;
  throw new ApiError(
    'FAILED_PRECONDITION',
    `the base model ${baseName} is gone; make the addon of another one`,
  );
}

async function checkFolder(
  context: ControlPlaneContext,
  model: StoredModel,
  folder: string,
  base: StoredModel | null,
): Promise<WeightFacts> {
  const { modelWork } = context;
  if (base === null) {
    return modelWork.run<ModelFacts>({ task: 'check-model', folder, name: model.resource.name });
  }
  const scratch = await mkdtemp(join(context.scratchFolder, 'base-'));
  try {
    const found = await modelWork.run<Omit<AdapterFacts, 'format'>>({
      task: 'check-adapter',
      folder,
      base: await findBaseFiles(context, base, scratch),
    });
    return { format: 'peft', ...found };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * The files of a base model, or as much of them as names and shapes are in; null: they were not fetched yet,
 * and shapes are checked on loading.
 */
async function findBaseFiles(
  context: ControlPlaneContext,
  base: StoredModel,
  scratch: string,
): Promise<BaseFiles | null> {
  if (base.catalogueId !== null) {
    const path = await context.findCatalogueFile(base.catalogueId);
    return path === null ? null : { path, format: 'gguf' };
  }
  const facts = base.weights as WeightFacts | null;
  if (base.blobPrefix === null || facts === null || facts.format === 'peft') return null;
  const folder =
    (await context.blobs.localFolder(base.blobPrefix)) ??
    (await openHeads(context.blobs, base.blobPrefix, scratch));
  return { path: facts.format === 'gguf' ? join(folder, facts.file ?? '') : folder, format: facts.format };
}

async function makeReady(
  { db }: ControlPlaneContext,
  model: StoredModel,
  facts: WeightFacts,
  { fields, supportsChat }: CheckedModel,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const current = await lockModel(transaction, model.resource.name);
    const isSame =
      current?.blobPrefix === model.blobPrefix &&
      JSON.stringify(current?.uploadFiles) === JSON.stringify(model.uploadFiles);
    if (current === null || !isSame) {
      const message = `${model.resource.name} was changed or given other files meanwhile; validate it again`;
      throw new ApiError('ABORTED', message);
    }
    const status = { code: 'OK' as const, message: '' };
    const ready = { ...current.resource, ...fields, state: 'READY' as const, status };
    await updateModel(transaction, ready, { weights: facts, supportsChat });
  });
}
