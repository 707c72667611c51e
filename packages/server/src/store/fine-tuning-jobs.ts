import type { ListPage, ListQuery } from '@sparkler/api';
import type { SupervisedFineTuningJob } from '@sparkler/api/resources';
import { sql } from 'kysely';
import type { Static } from 'typebox';
import type { DatabaseOrTransaction } from './database.ts';
import { column, type FieldMap, json, namedColumns, nullableColumn } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';

export type JobResource = Static<typeof SupervisedFineTuningJob> & { readonly name: string };

/** A job as stored. */
export interface StoredJob {
  readonly name: string;
  /** Of the order: a job made anew under its name has another one. */
  readonly uid: string;
  readonly account: string;
  readonly spec: JobResource;
  readonly generation: number;
  readonly wanted: 'run' | 'cancel' | 'pause';
  readonly isDeleted: boolean;
  /** Its account may not go on: it pauses until that is over. */
  readonly isSuspended: boolean;
  readonly state: string;
  readonly restartCount: number;
  readonly trainedTokens: number;
  /** Sealed; empty for a job that reports nowhere. */
  readonly wandbKey: string;
  readonly resource: JobResource;
}

/** What an order holds besides the resource. */
export interface JobOrder {
  readonly createdBy: string;
  /** Nano-dollars a trained token. */
  readonly priceNanos: number;
  /** Estimate, until the trainer has counted. */
  readonly plannedTokens: number;
  /** Sealed. */
  readonly wandbKey: string;
}

interface JobRow {
  name: string;
  uid: string;
  account: string;
  spec: JobResource;
  created_by: string;
  create_time: Date;
  update_time: Date;
  completed_time: Date | null;
  delete_time: Date | null;
  generation: number;
  wanted: 'run' | 'cancel' | 'pause';
  state: string;
  status_code: string;
  status_message: string;
  progress: object;
  restart_count: number;
  trained_tokens: number;
  is_suspended?: boolean;
  price_nanos: number;
  planned_tokens: number;
  wandb_key: string;
  wandb_url: string;
}

const specKeys = [
  'displayName',
  'dataset',
  'outputModel',
  'baseModel',
  'warmStartFrom',
  'jinjaTemplate',
  'earlyStop',
  'epochs',
  'learningRate',
  'learningRateWarmupSteps',
  'optimizerWeightDecay',
  'maxContextLength',
  'loraRank',
  'batchSize',
  'batchSizeSamples',
  'gradientAccumulationSteps',
  'evaluationDataset',
  'evalAutoCarveout',
  'isTurbo',
  'region',
  'nodes',
  'mtpEnabled',
  'mtpNumDraftTokens',
  'mtpFreezeBaseModel',
  'hiddenStatesGenConfig',
  'wandbConfig',
  'awsS3Config',
  'azureBlobStorageConfig',
  'usePurpose',
] as const;

const fields: FieldMap = {
  ...namedColumns('name', 'createdBy', 'state', 'status.code', 'status.message'),
  // As they are shown: what is filtered for must be what was seen.
  createTime: column(sql`date_trunc('milliseconds', create_time)`),
  updateTime: column(sql`date_trunc('milliseconds', update_time)`),
  completedTime: nullableColumn(sql`date_trunc('milliseconds', completed_time)`),
  jobProgress: json(sql`progress`),
  // Signed URLs and the estimated cost are computed when a job is read: they can't be searched by.
  ...Object.fromEntries(specKeys.map((key) => [key, json(sql`(spec -> ${key}::text)`)])),
};

export function listJobs(
  db: DatabaseOrTransaction,
  account: string,
  query: ListQuery,
): Promise<ListPage<JobResource>> {
  const scope = sql`account = ${account} and delete_time is null`;
  const source = { from: sql`fine_tuning_jobs`, scope, fields, uniqueKey: sql`name` };
  return listRows(db as Parameters<typeof listRows>[0], source, query, (row: JobRow) => toJob(row).resource);
}

/** Names of jobs that may still need something. */
export async function listOpenJobs(db: DatabaseOrTransaction): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from fine_tuning_jobs
    where delete_time is not null or completed_time is null`.execute(db);
  return rows.map((row) => row.name);
}

export async function readJob(db: DatabaseOrTransaction, name: string): Promise<StoredJob | null> {
  const { rows } = await sql<JobRow>`
    select fine_tuning_jobs.*, suspend_state <> 'UNSUSPENDED' as is_suspended
    from fine_tuning_jobs join accounts on accounts.id = account where name = ${name}`.execute(db);
  return rows[0] === undefined ? null : toJob(rows[0]);
}

export async function insertJob(
  db: DatabaseOrTransaction,
  account: string,
  spec: JobResource,
  { createdBy, priceNanos, plannedTokens, wandbKey }: JobOrder,
): Promise<StoredJob> {
  const { rows } = await sql<JobRow>`
    insert into fine_tuning_jobs (name, account, spec, created_by, price_nanos, planned_tokens, wandb_key)
    values (${spec.name}, ${account}, ${JSON.stringify(spec)}::jsonb, ${createdBy},
            ${priceNanos}::bigint, ${plannedTokens}::bigint, ${wandbKey}) returning *`.execute(db);
  return toJob(rows[0]!);
}

/** Writes what is wanted of a job, with a new generation. */
export async function wantOfJob(
  db: DatabaseOrTransaction,
  name: string,
  wanted: StoredJob['wanted'] | 'deleted',
): Promise<StoredJob> {
  const change = wanted === 'deleted' ? sql`delete_time = now(), wanted = 'cancel'` : sql`wanted = ${wanted}`;
  // A job that is gone on with leaves its resting state, or its reconciler would leave it alone.
  const state =
    wanted === 'run'
      ? sql`, state = 'JOB_STATE_RE_QUEUEING', completed_time = null, restart_count = 0`
      : sql``;
  const { rows } = await sql<JobRow>`
    update fine_tuning_jobs set ${change} ${state}, generation = generation + 1, update_time = now()
    where name = ${name} returning *`.execute(db);
  return toJob(rows[0]!);
}

export interface ObservedJob {
  readonly state: string;
  readonly code: string;
  readonly message: string;
  readonly isResting: boolean;
  readonly isRestart: boolean;
}

/** Writes what a run of the reconciler found, unless the job changed meanwhile. False when it did. */
export async function writeJobObserved(
  db: DatabaseOrTransaction,
  job: StoredJob,
  seen: ObservedJob,
): Promise<boolean> {
  const { rows } = await sql<{ name: string }>`
    update fine_tuning_jobs set
      observed_generation = ${job.generation}, state = ${seen.state}, status_code = ${seen.code},
      status_message = ${seen.message}, restart_count = restart_count + ${seen.isRestart ? 1 : 0},
      completed_time = case when ${seen.isResting} then coalesce(completed_time, now()) end, update_time = now()
    where name = ${job.name} and generation = ${job.generation} returning name`.execute(db);
  return rows.length === 1;
}

export interface JobProgressReport {
  readonly progress: object;
  /** For people, with the time that is left. */
  readonly message: string;
  readonly trainedTokens: number;
  readonly tokensPerSecond: number;
}

export async function writeJobProgress(
  db: DatabaseOrTransaction,
  name: string,
  { progress, message, trainedTokens, tokensPerSecond }: JobProgressReport,
): Promise<void> {
  await sql`
    update fine_tuning_jobs set progress = progress || ${JSON.stringify(progress)}::jsonb,
      trained_tokens = greatest(trained_tokens, ${trainedTokens}::bigint),
      tokens_per_second = ${tokensPerSecond}::double precision,
      status_message = case when state = 'JOB_STATE_RUNNING' then ${message} else status_message end,
      update_time = now()
    where name = ${name}`.execute(db);
}

/** What the trainer counted, in place of the estimate. */
export async function writePlannedTokens(
  db: DatabaseOrTransaction,
  name: string,
  tokens: number,
): Promise<void> {
  await sql`update fine_tuning_jobs set planned_tokens = ${tokens}::bigint where name = ${name}`.execute(db);
}

export async function writeWandbUrl(db: DatabaseOrTransaction, name: string, url: string): Promise<void> {
  await sql`update fine_tuning_jobs set wandb_url = ${url} where name = ${name}`.execute(db);
}

/** Trained tokens a second of the newest run of a base model, or null. */
export async function readTrainingSpeed(
  db: DatabaseOrTransaction,
  baseModel: string,
): Promise<number | null> {
  const { rows } = await sql<{ speed: number }>`
    select tokens_per_second as speed from fine_tuning_jobs
    where spec ->> 'baseModel' = ${baseModel} and tokens_per_second > 0
    order by update_time desc limit 1`.execute(db);
  return rows[0]?.speed ?? null;
}

/** Its meter keeps what it trained: that is charged by the clock, perhaps after this. */
export async function removeJob(db: DatabaseOrTransaction, name: string): Promise<void> {
  await sql`
    with gone as (delete from fine_tuning_jobs where name = ${name} returning uid, trained_tokens)
    update training_meters set final_tokens = gone.trained_tokens from gone
    where training_meters.uid = gone.uid`.execute(db);
}

function toJob(row: JobRow): StoredJob {
  const resource = {
    ...row.spec,
    name: row.name,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    ...(row.completed_time === null ? {} : { completedTime: row.completed_time.toISOString() }),
    createdBy: row.created_by,
    state: row.delete_time === null ? row.state : 'JOB_STATE_DELETING',
    status: { code: row.status_code, message: row.status_message },
    jobProgress: row.progress,
    estimatedCost: describeCost(BigInt(row.price_nanos) * BigInt(row.planned_tokens)),
    ...(row.spec.wandbConfig === undefined
      ? {}
      : { wandbConfig: { ...row.spec.wandbConfig, url: row.wandb_url } }),
  } as JobResource;
  return {
    name: row.name,
    uid: row.uid,
    account: row.account,
    spec: row.spec,
    generation: row.generation,
    wanted: row.wanted,
    isDeleted: row.delete_time !== null,
    isSuspended: row.is_suspended ?? false,
    state: row.state,
    restartCount: row.restart_count,
    trainedTokens: row.trained_tokens,
    wandbKey: row.wandb_key,
    resource,
  };
}

/** google.type.Money. The store knows no ledger. */
function describeCost(nanos: bigint) {
  const unit = 1_000_000_000n;
  return { currencyCode: 'USD', units: String(nanos / unit), nanos: Number(nanos % unit) };
}
