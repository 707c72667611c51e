import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClaimParts, type ReleaseClaim, writeClaimed } from '../../blobs/write-claimed.ts';
import type { ModelFacts } from '../../model-work/facts.ts';
import type { ModelWork } from '../../model-work/model-work.ts';
import { engineTypes, type PreparedCopies, type PreparedCopy } from '../../model-work/prepared.ts';
import type { Database, DatabaseOrTransaction } from '../../store/database.ts';
import { type ModelJob, moveModelJob, readModelJob } from '../../store/model-jobs.ts';
import { lockModel, readModel, type StoredModel, updateModel } from '../../store/models.ts';
import { makeBlobPrefix } from '../../store/open-uploads.ts';

export interface JobParts extends ClaimParts {
  readonly db: Database;
  readonly modelWork: ModelWork;
  readonly scratchFolder: string;
  readonly threads: number;
  /** What an engine would load for a model: a GGUF file, or the folder of an addon. Fetches it if need be. */
  openFiles(model: string, signal: AbortSignal): Promise<string>;
}

/** Does what a job asks for and writes the outcome. Rejects with a reason for people. */
export async function runModelJob(job: ModelJob, parts: JobParts, signal: AbortSignal): Promise<void> {
  const scratch = await mkdtemp(join(parts.scratchFolder, 'job-'));
  const blobPrefix = makeBlobPrefix(job.model, `${job.kind}-${randomUUID()}`);
  const target = join(scratch, 'model.gguf');
  const run = job.kind === 'prepare' ? prepare : merge;
  try {
    await writeClaimed(parts, { prefix: blobPrefix }, (release) =>
      run(job, { ...parts, scratch, target, blobPrefix, release }, signal),
    );
  } catch (error) {
    if (!(error instanceof JobGoneError)) throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** It was deleted, or its model was, while it ran: nobody is to be told. */
class JobGoneError extends Error {
  override readonly name = 'JobGoneError';
}

/** Ends a job that can't be done; its model tells why as well. */
export async function failModelJob(db: Database, name: string, reason: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const job = await readModelJob(transaction, name);
    const model = job === null ? null : await lockModel(transaction, job.model);
    if (job === null || !(await moveModelJob(transaction, name, 'failed', reason))) return;
    if (model === null) return;
    const what = job.kind === 'merge' ? 'merging' : `preparing ${job.spec.precision}`;
    const status = { code: 'INTERNAL' as const, message: `${what} failed: ${reason}`.slice(0, 2000) };
    await updateModel(transaction, { ...model.resource, status });
  });
}

interface Task extends JobParts {
  readonly scratch: string;
  readonly target: string;
  readonly blobPrefix: string;
  readonly release: ReleaseClaim;
}

const FILE = 'model.gguf';

/** A copy of a model in another precision, beside the one there is. */
async function prepare(job: ModelJob, task: Task, signal: AbortSignal): Promise<void> {
  const { precision = '' } = job.spec;
  const type = engineTypes[precision];
  if (type === undefined) throw new Error(`the precision ${precision} can't be prepared`);
  const source = await task.openFiles(job.model, signal);
  const { target, threads } = task;
  await task.modelWork.run({ task: 'quantize', source, target, to: type.quantization, threads }, signal);
  await keepFile(task);
  await task.db.transaction().execute(async (transaction) => {
    const model = await complete(job, task, transaction);
    const copy: PreparedCopy = {
      blobPrefix: task.blobPrefix,
      file: FILE,
      weightType: type.quantization.toLowerCase(),
    };
    const prepared: PreparedCopies = { ...(model.weights?.prepared as PreparedCopies), [precision]: copy };
    const { resource } = model;
    const precisions = [...new Set([...(resource.precisions ?? []), precision as 'FP8'])];
    const status = { code: 'OK' as const, message: `${precision} is served as ${type.words}` };
    await updateModel(
      transaction,
      { ...resource, precisions, status },
      { weights: { ...model.weights, prepared } },
    );
  });
}

/** A new base model: the addon's base with the addon in its weights. */
async function merge(job: ModelJob, task: Task, signal: AbortSignal): Promise<void> {
  const addon = await readModel(task.db, job.spec.peftModel ?? '');
  const baseName = addon?.resource.peftDetails?.baseModel;
  if (addon === null || !baseName) throw new Error(`${job.spec.peftModel} is gone, or no addon any more`);
  const base = await readModel(task.db, baseName);
  if (base === null) throw new Error(`the base model ${baseName} is gone`);
  const basePath = await task.openFiles(baseName, signal);
  const adapter = await task.openFiles(addon.resource.name, signal);
  const { target, threads, scratch } = task;
  await task.modelWork.run({ task: 'merge', base: basePath, adapter, target, threads }, signal);
  const check = { task: 'check-model', folder: scratch, name: job.model } as const;
  const facts = await task.modelWork.run<ModelFacts>(check, signal);
  const bytes = await keepFile(task);
  await task.db.transaction().execute(async (transaction) => {
    const model = await complete(job, task, transaction);
    const { blobPrefix } = task;
    await updateModel(transaction, describeMerged(model, base, addon, facts), {
      blobPrefix,
      uploadFiles: { [FILE]: bytes },
      weights: { ...facts, file: FILE },
      supportsChat: addon.supportsChat || base.supportsChat,
    });
  });
}

/** Ends a job whose files the caller names in the same transaction. Gives its model, locked. */
async function complete(
  job: ModelJob,
  { release }: Task,
  transaction: DatabaseOrTransaction,
): Promise<StoredModel> {
  const model = await lockModel(transaction, job.model);
  const isThere = model !== null && (await moveModelJob(transaction, job.name, 'completed'));
  if (!isThere) throw new JobGoneError(`${job.name} was deleted meanwhile`);
  await release(transaction);
  return model;
}

function describeMerged(
  { resource }: StoredModel,
  base: StoredModel,
  addon: StoredModel,
  facts: ModelFacts,
): StoredModel['resource'] {
  const precision = facts.weightType === 'bf16' ? ('BF16' as const) : ('FP16' as const);
  const conversationConfig = addon.resource.conversationConfig ?? base.resource.conversationConfig;
  return {
    ...resource,
    state: 'READY',
    status: { code: 'OK', message: '' },
    contextLength: facts.contextLength,
    precisions: [precision],
    supportsTools: base.resource.supportsTools ?? false,
    baseModelDetails: {
      worldSize: 1,
      checkpointFormat: 'NATIVE',
      parameterCount: String(facts.parameterCount),
      moe: facts.isMoe,
      modelType: facts.architecture,
      defaultPrecision: precision,
    },
    ...(conversationConfig === undefined ? {} : { conversationConfig }),
  };
}

async function keepFile({ blobs, blobPrefix, target }: Task): Promise<number> {
  const { size } = await stat(target);
  return blobs.write(`${blobPrefix}/${FILE}`, createReadStream(target), size);
}
