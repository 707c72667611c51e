import { ApiError, invalidField, resolveReference } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import type { Database } from '../../store/database.ts';
import type { JobResource } from '../../store/fine-tuning-jobs.ts';
import { type ModelResource, readModel } from '../../store/models.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';

const datasetPattern = 'accounts/{account}/datasets/{dataset}';

/** Values that apply where a job names none; the platform's documented ones where it has any. */
export const jobDefaults = {
  epochs: 1,
  learningRate: 0.0001,
  loraRank: 8,
  maxContextLength: 8192,
  batchSize: 32_768,
  gradientAccumulationSteps: 1,
  learningRateWarmupSteps: 0,
  nodes: 1,
} as const;

const ranks = [1, 2, 4, 8, 16, 32, 64];

type CheckParts = Pick<ControlPlaneContext, 'db' | 'trainsOnGpus'> & {
  readonly settings: { readonly providerAccount: string };
};

/**
 * A job as it is stored: names resolved, defaults filled in, everything this host cannot do refused by name.
 * Throws ApiError (400, 404).
 */
export async function checkJob(
  { db, settings: { providerAccount }, trainsOnGpus = false }: CheckParts,
  account: string,
  wanted: JobResource,
): Promise<JobResource> {
  refuseUnsupported(wanted, trainsOnGpus);
  const filled = { ...jobDefaults, ...dropUnset(wanted) } as JobResource;
  checkNumbers(filled);
  const { wandbConfig: wandb, ...rest } = filled;
  const wandbConfig = checkWandb(wandb);
  const dataset = resolveName('dataset', datasetPattern, wanted.dataset, account);
  const evaluationDataset = wanted.evaluationDataset
    ? resolveName('evaluationDataset', datasetPattern, wanted.evaluationDataset, account)
    : undefined;
  const { names, base } = await resolveBase(db, account, providerAccount, wanted);
  const outputModel = resolveName(
    'outputModel',
    models.pattern,
    wanted.outputModel || idOfName(wanted.name),
    account,
  );
  await refuseTakenModel(db, outputModel);
  return {
    ...rest,
    ...(wandbConfig === undefined ? {} : { wandbConfig }),
    dataset,
    ...(evaluationDataset === undefined ? {} : { evaluationDataset }),
    ...names,
    // By default a part of the data is set apart, unless there is a dataset for it.
    evalAutoCarveout: wanted.evalAutoCarveout ?? evaluationDataset === undefined,
    maxContextLength: checkContext(wanted.maxContextLength ?? 0, base),
    outputModel,
  } as JobResource;
}

/** Said before hours of training, not after. */
async function refuseTakenModel(db: Database, outputModel: string): Promise<void> {
  if ((await readModel(db, outputModel)) === null) return;
  const why = `${outputModel} exists already: delete it, or name another outputModel`;
  throw new ApiError('ALREADY_EXISTS', why, [{ field: 'outputModel', description: why }]);
}

/**
 * Metrics go out when it is enabled, or when a key is given and nothing else is said. The key is not kept.
 */
function checkWandb(wandb: JobResource['wandbConfig']): JobResource['wandbConfig'] {
  if (!wandb || Object.keys(wandb).length === 0) return undefined;
  const { apiKey, url: _, ...config } = wandb;
  const enabled = wantsWandb(wandb);
  if (enabled && !apiKey) {
    throw invalidField('wandbConfig.apiKey', 'wandbConfig.apiKey is needed when wandbConfig is enabled');
  }
  return { ...config, enabled };
}

/** Whether a job's metrics are to go to Weights & Biases. */
export function wantsWandb(wandb: JobResource['wandbConfig']): boolean {
  return wandb?.enabled ?? (wandb?.apiKey ?? '') !== '';
}

async function resolveBase(db: Database, account: string, providerAccount: string, wanted: JobResource) {
  const given = [wanted.baseModel, wanted.warmStartFrom].filter(Boolean);
  if (given.length !== 1) {
    throw invalidField('baseModel', 'name exactly one of baseModel and warmStartFrom');
  }
  if (wanted.warmStartFrom) {
    const parent = await findModel(db, 'warmStartFrom', wanted.warmStartFrom, [account]);
    if (parent.kind !== 'HF_PEFT_ADDON') {
      throw invalidField(
        'warmStartFrom',
        `${parent.name} is no LoRA addon; to train a base model set baseModel`,
      );
    }
    return { names: { warmStartFrom: parent.name }, base: parent };
  }
  const base = await findModel(db, 'baseModel', wanted.baseModel!, [account, providerAccount]);
  if (base.kind === 'HF_PEFT_ADDON') {
    throw invalidField('baseModel', `${base.name} is a LoRA addon; to train it further set warmStartFrom`);
  }
  return { names: { baseModel: base.name }, base };
}

/** As long as the model's own context at most; by default 8k, or that. */
function checkContext(wanted: number, { name, contextLength = 0 }: ModelResource): number {
  const longest = contextLength > 0 ? contextLength : Number.POSITIVE_INFINITY;
  if (wanted > longest) {
    throw invalidField('maxContextLength', `maxContextLength: the context of ${name} is ${contextLength}`);
  }
  return wanted > 0 ? wanted : Math.min(jobDefaults.maxContextLength, longest);
}

/** A bare id is looked for in each account in turn. */
async function findModel(db: Database, field: string, reference: string, accounts: readonly string[]) {
  for (const account of accounts) {
    const name = resolveReference(models.pattern, reference, account);
    const found = name === null ? null : await readModel(db, name);
    const isVisible = found !== null && (accounts[0] === found.account || found.resource.public === true);
    if (found !== null && isVisible) return found.resource;
  }
  throw new ApiError('NOT_FOUND', `${field}: no model '${reference}' that this account can use`);
}

function resolveName(field: string, pattern: string, reference: string | undefined, account: string): string {
  const name = reference ? resolveReference(pattern, reference, account) : null;
  if (name === null)
    throw invalidField(field, `${field}: '${reference ?? ''}' is not a name of the form ${pattern}`);
  return name;
}

/**
 * What needs hardware or services that the embedded trainer has not: said now, not after hours of waiting.
 */
function refuseUnsupported(job: JobResource, trainsOnGpus: boolean): void {
  const refuse = (field: string, why: string): never => {
    throw new ApiError('FAILED_PRECONDITION', `${field}: ${why}`, [{ field, description: why }]);
  };
  if (job.isTurbo && !trainsOnGpus) {
    const why = 'needs several GPUs on one host; this server trains on the processor';
    refuse('isTurbo', `${why} (SPARKLER_TRAINER=python changes that: docs/fine-tuning.md)`);
  }
  if ((job.nodes ?? 1) > 1) {
    const why = 'needs a cluster; this server trains on its own host';
    refuse('nodes', `${why} (node packages/trainer/src/kubernetes-job.ts writes manifests for several)`);
  }
  if (job.mtpEnabled || job.mtpNumDraftTokens || job.mtpFreezeBaseModel) {
    refuse('mtpEnabled', 'no base model in the catalogue has multi-token-prediction layers');
  }
  if (job.hiddenStatesGenConfig && Object.keys(job.hiddenStatesGenConfig).length > 0) {
    refuse('hiddenStatesGenConfig', 'hidden states can only be taken from an engine that exports them');
  }
  if (job.metricsFileSignedUrl) {
    refuse('metricsFileSignedUrl', 'is made by the server; leave it out, and read it from the job');
  }
  if (job.usePurpose) refuse('usePurpose', 'capacity is not reserved for a purpose here; leave it out');
  if (job.region && job.region !== 'REGION_UNSPECIFIED') {
    refuse('region', 'this server has no regions; leave it out');
  }
  if (job.awsS3Config || job.azureBlobStorageConfig) {
    refuse('awsS3Config', 'training data is read from datasets; create one from the bucket first');
  }
  if (job.batchSizeSamples) refuse('batchSizeSamples', 'batches are measured in tokens here; set batchSize');
}

function checkNumbers(job: JobResource): void {
  if (!ranks.includes(job.loraRank!))
    throw invalidField('loraRank', `loraRank must be one of ${ranks.join(', ')}`);
  if (job.epochs! <= 0 || job.epochs! > 100)
    throw invalidField('epochs', 'epochs must be above 0 and at most 100');
  if (job.learningRate! <= 0 || job.learningRate! > 1) {
    throw invalidField('learningRate', 'learningRate must be above 0 and at most 1');
  }
  if (job.maxContextLength! < 16)
    throw invalidField('maxContextLength', 'maxContextLength must be at least 16');
  if (job.batchSize! < 16) throw invalidField('batchSize', 'batchSize is in tokens and must be at least 16');
}

/** Zero values are what an unset field looks like on the wire. */
function dropUnset(job: JobResource): Partial<JobResource> {
  return Object.fromEntries(
    Object.entries(job).filter(
      ([, value]) => value !== undefined && value !== null && value !== 0 && value !== '',
    ),
  );
}

function idOfName(name: string): string {
  return name.split('/').at(-1)!;
}
