import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueEntry } from '../catalogue/index.ts';
import type { AdapterFacts } from '../model-work/facts.ts';
import type { JobSupport } from '../reconcile/fine-tuning-jobs/reconciler.ts';
import type { Weights } from '../reconcile/weights.ts';
import type { Database } from '../store/database.ts';
import type { JobResource, StoredJob } from '../store/fine-tuning-jobs.ts';
import { insertModel, lockModel, type ModelResource, readModel, updateModel } from '../store/models.ts';
import { findDataset } from './find-dataset.ts';
import { findStoredSource, openAddon } from './find-files.ts';
import type { FileParts } from './open-files.ts';

export interface FineTuningSupportParts {
  readonly db: Database;
  readonly files: FileParts;
  readonly weights: Weights;
  readonly catalogue: readonly CatalogueEntry[];
  /** Where datasets of a store elsewhere are copied to. */
  readonly dataFolder: string;
}

/** Connects fine-tuning jobs to datasets, models and the blob store. */
export function createFineTuningSupport(parts: FineTuningSupportParts): JobSupport {
  const { db, weights, catalogue } = parts;
  return {
    findDataset: (name) => findDataset(parts, name),
    async findBase(model) {
      // Uploaded models are kept by their files, so that one uploaded anew is not taken for the old one.
      const source = await findStoredSource(db, catalogue, model);
      const isUploaded = source !== null && 'blobPrefix' in source;
      const known = weights.state(model, isUploaded ? source.blobPrefix : null);
      if (known.state === 'ready') return { gguf: known.path };
      if (known.state === 'failed') return { problem: known.reason };
      return known.state;
    },
    async fetchBase(model) {
      const source = await findStoredSource(db, catalogue, model);
      if (source === null)
        throw new Error(`${model} has no files to train on; upload them, or choose another base model`);
      weights.fetch(model, source);
    },
    async findAdapter(model) {
      const stored = await readModel(db, model);
      const base = stored?.resource.peftDetails?.baseModel;
      if (!base) return { problem: `${model} is no LoRA addon with a base model` };
      return { base, folder: await openAddon(db, parts.files, model) };
    },
    registerAdapter: (job, base, folder) => registerAdapter(parts, job, base, folder),
  };
}

/**
 * Puts the trained adapter into the blob store and makes the model that the job promised: deployable at once.
 * Done again after a crash it writes the same files and the same row.
 */
async function registerAdapter(
  { db, files }: FineTuningSupportParts,
  { uid, spec: job }: StoredJob,
  base: string,
  folder: string,
): Promise<string | null> {
  const name = job.outputModel!;
  const [, account = ''] = name.split('/');
  // Of this order alone: files of a model that is deleted are removed later.
  const blobPrefix = `models/${account}/${name.split('/').at(-1)}/${uid.split('/').at(-1)}`;
  const uploadFiles: Record<string, number> = {};
  // The PEFT folder alone: engines convert it, and it is what people download.
  for (const file of (await readdir(folder)).filter((entry) => !entry.endsWith('.gguf'))) {
    const { size } = await stat(join(folder, file));
    await files.blobs.write(`${blobPrefix}/${file}`, createReadStream(join(folder, file)), size);
    uploadFiles[file] = size;
  }
  const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as {
    r: number;
    target_modules: string[];
  };
  const facts: AdapterFacts = {
    format: 'peft',
    rank: config.r,
    targetModules: config.target_modules,
    baseModel: base,
    isCheckedAgainstBase: true,
    conversationConfig: job.jinjaTemplate ? { style: 'jinja', template: job.jinjaTemplate } : null,
  };
  return db.transaction().execute(async (transaction) => {
    const baseModel = await readModel(transaction, base);
    const wanted = describeResult(job, base, facts, baseModel?.resource);
    const existing = await lockModel(transaction, name);
    if (existing === null) await insertModel(transaction, account, wanted);
    else if (existing.resource.fineTuningJob !== job.name) {
      return `${name} exists already and is not of this job; delete it, or train under another outputModel`;
    }
    await updateModel(transaction, wanted, { blobPrefix, uploadFiles, weights: facts, supportsChat: true });
    return null;
  });
}

function describeResult(
  job: JobResource,
  base: string,
  facts: AdapterFacts,
  baseModel: ModelResource | undefined,
): ModelResource {
  return {
    name: job.outputModel!,
    displayName: job.displayName ?? '',
    kind: 'HF_PEFT_ADDON',
    state: 'READY',
    fineTuningJob: job.name,
    createdBy: job.createdBy ?? '',
    contextLength: baseModel?.contextLength ?? 0,
    peftDetails: { baseModel: base, r: facts.rank, targetModules: [...facts.targetModules] },
    ...(facts.conversationConfig === null ? {} : { conversationConfig: facts.conversationConfig }),
  } as ModelResource;
}
