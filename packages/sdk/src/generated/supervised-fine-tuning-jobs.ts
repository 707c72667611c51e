// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface SupervisedFineTuningJob {
  /** accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly completedTime: string | null;
  /** E-mail of the user. */
  readonly createdBy: string;
  readonly state: 'JOB_STATE_UNSPECIFIED' | 'JOB_STATE_CREATING' | 'JOB_STATE_RUNNING' | 'JOB_STATE_COMPLETED' | 'JOB_STATE_FAILED' | 'JOB_STATE_CANCELLED' | 'JOB_STATE_DELETING' | 'JOB_STATE_WRITING_RESULTS' | 'JOB_STATE_VALIDATING' | 'JOB_STATE_ROLLOUT' | 'JOB_STATE_EVALUATION' | 'JOB_STATE_HANDLING_FAILURE' | 'JOB_STATE_DELETING_INCOMPLETE' | 'JOB_STATE_POLICY_UPDATE' | 'JOB_STATE_DELETING_CLEANING_UP' | 'JOB_STATE_PENDING' | 'JOB_STATE_EXPIRED' | 'JOB_STATE_RE_QUEUEING' | 'JOB_STATE_CREATING_INPUT_DATASET' | 'JOB_STATE_IDLE' | 'JOB_STATE_CANCELLING' | 'JOB_STATE_EARLY_STOPPED' | 'JOB_STATE_PAUSED' | 'JOB_STATE_DELETED' | 'JOB_STATE_ARCHIVED';
  readonly status: Status | null;
  /** The name of the dataset used for training. */
  readonly dataset: string;
  /** Id of the model to make. Default: the job id. */
  readonly outputModel: string;
  /** Model to fine-tune; this or warmStartFrom. */
  readonly baseModel: string;
  /** LoRA addon to train on from; this or baseModel. */
  readonly warmStartFrom: string;
  /** Chat template in place of the one of the model. */
  readonly jinjaTemplate: string;
  /** Stop when the validation loss no longer falls. */
  readonly earlyStop: boolean;
  /** Passes over the dataset; fractions too. */
  readonly epochs: number;
  readonly learningRate: number;
  readonly learningRateWarmupSteps: number;
  readonly optimizerWeightDecay: number;
  readonly maxContextLength: number;
  readonly loraRank: number;
  /** Tokens in a batch. */
  readonly batchSize: number;
  /** Examples in a batch. */
  readonly batchSizeSamples: number;
  readonly gradientAccumulationSteps: number;
  /** Name of a dataset. */
  readonly evaluationDataset: string;
  /** Keep part of the dataset for evaluation. */
  readonly evalAutoCarveout: boolean;
  readonly isTurbo: boolean;
  readonly region: 'REGION_UNSPECIFIED' | 'US_IOWA_1' | 'US_VIRGINIA_1' | 'US_VIRGINIA_2' | 'US_ILLINOIS_1' | 'AP_TOKYO_1' | 'EU_LONDON_1' | 'US_ARIZONA_1' | 'US_TEXAS_1' | 'US_ILLINOIS_2' | 'EU_FRANKFURT_1' | 'US_TEXAS_2' | 'EU_PARIS_1' | 'EU_HELSINKI_1' | 'US_NEVADA_1' | 'EU_ICELAND_1' | 'EU_ICELAND_2' | 'US_WASHINGTON_1' | 'US_WASHINGTON_2' | 'EU_ICELAND_DEV_1' | 'US_WASHINGTON_3' | 'US_ARIZONA_2' | 'AP_TOKYO_2' | 'US_CALIFORNIA_1' | 'US_MISSOURI_1' | 'US_UTAH_1' | 'US_TEXAS_3' | 'US_ARIZONA_3' | 'US_GEORGIA_1' | 'US_GEORGIA_2' | 'US_WASHINGTON_4' | 'US_GEORGIA_3' | 'NA_BRITISHCOLUMBIA_1' | 'US_GEORGIA_4' | 'EU_ICELAND_3' | 'US_OHIO_1' | 'US_NEWYORK_1';
  readonly nodes: number;
  readonly mtpEnabled: boolean;
  readonly mtpNumDraftTokens: number;
  readonly mtpFreezeBaseModel: boolean;
  readonly hiddenStatesGenConfig: HiddenStatesGenConfig | null;
  readonly wandbConfig: WandbConfig | null;
  readonly awsS3Config: AwsS3Config | null;
  readonly azureBlobStorageConfig: AzureBlobStorageConfig | null;
  readonly usePurpose: string;
  /** Made by the server: metrics so far as JSON lines, as CSV with .csv in place of .jsonl. */
  readonly metricsFileSignedUrl: string;
  /** What the trainer said, line by line; needs no key. */
  readonly trainerLogsSignedUrl: string;
  readonly estimatedCost: Money | null;
  readonly jobProgress: JobProgress | null;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface HiddenStatesGenConfig {
  readonly deployedModel: string;
  readonly maxWorkers: number;
  readonly maxTokens: number;
  readonly maxContextLen: number;
  readonly inputOffset: number;
  readonly inputLimit: number;
  readonly regenerateAssistant: boolean;
  readonly outputActivations: boolean;
  readonly apiKey: string;
}

export interface WandbConfig {
  readonly enabled: boolean;
  /** Key of the Weights & Biases account, or the name of a secret with it; never returned. */
  readonly apiKey: string;
  readonly project: string;
  /** Team or user. */
  readonly entity: string;
  readonly runId: string;
  /** Page of the run. */
  readonly url: string;
}

export interface AwsS3Config {
  /** Secret with "access key id:secret access key". */
  readonly credentialsSecret: string;
  readonly iamRoleArn: string;
}

export interface AzureBlobStorageConfig {
  readonly credentialsSecret: string;
  readonly managedIdentityClientId: string;
  readonly tenantId: string;
}

export interface Money {
  /** ISO 4217. */
  readonly currencyCode: string;
  /** Whole units. */
  readonly units: string;
  /** Billionths of a unit. */
  readonly nanos: number;
}

export interface JobProgress {
  readonly percent: number;
  readonly epoch: number;
  readonly totalInputRequests: number;
  readonly totalProcessedRequests: number;
  readonly successfullyProcessedRequests: number;
  readonly failedRequests: number;
  readonly outputRows: number;
  readonly inputTokens: number;
  readonly cachedInputTokenCount: number;
  readonly outputTokens: number;
}

export interface FineTuningEvents {
  readonly events: readonly FineTuningEvent[];
}

export interface FineTuningEvent {
  readonly sequence: string;
  readonly time: string | null;
  readonly type: 'message' | 'metric' | 'eval' | 'checkpoint';
  readonly level: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly metrics: FineTuningMetrics | null;
}

export interface FineTuningMetrics {
  /** Optimiser steps done. */
  readonly step: number;
  /** From 0. */
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainMeanTokenAccuracy: number;
  readonly evalLoss: number;
  readonly evalMeanTokenAccuracy: number;
  /** Whether no evaluation before was better. */
  readonly best: boolean;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  /** Tokens whose prediction was learned in the step. */
  readonly lossTokens: number;
}

export interface FineTuningPreview {
  readonly report: DatasetReport | null;
  /** The report is on the first rows; steps, tokens and price are projected from them. */
  readonly isPartial: boolean;
  /** The first examples as the model sees them. */
  readonly samples: readonly PreviewSample[];
  /** Optimiser steps. */
  readonly steps: number;
  readonly trainedTokens: string;
  readonly estimatedCost: Money | null;
  /** On this host, from the last jobs of the model or its size. */
  readonly estimatedDuration: string | null;
}

export interface DatasetReport {
  readonly rows: number;
  /** Trained on; a row can give several. */
  readonly examples: number;
  readonly evaluationExamples: number;
  /** Of one epoch. */
  readonly tokens: string;
  /** Of the tokens, those whose prediction is learned. */
  readonly supervisedShare: number;
  /** Of an example. */
  readonly tokensMedian: number;
  readonly tokens95th: number;
  readonly tokensMax: number;
  /** Examples by length, in powers of two. */
  readonly histogram: readonly TokenBucket[];
  /** Examples cut to maxContextLength. */
  readonly truncated: number;
  /** Examples with nothing left to learn after the cut. */
  readonly dropped: number;
  /** The first lines that cannot be used; a job fails on any. */
  readonly refused: readonly RefusedLine[];
}

export interface TokenBucket {
  readonly tokensMax: number;
  readonly examples: number;
}

export interface RefusedLine {
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

export interface PreviewSample {
  readonly segments: readonly PreviewSegment[];
}

export interface PreviewSegment {
  readonly text: string;
  /** Whether the model learns to say it. */
  readonly supervised: boolean;
}

/** Supervised fine tuning jobs: `accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}`. */
export class SupervisedFineTuningJobs {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List supervised fine tuning jobs. GET /v1/accounts/{account}/supervisedFineTuningJobs */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<SupervisedFineTuningJob> {
    const collection = { path: 'supervisedFineTuningJobs', key: 'supervisedFineTuningJobs' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a supervised fine tuning job. GET /v1/accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<SupervisedFineTuningJob> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a supervised fine tuning job. POST /v1/accounts/{account}/supervisedFineTuningJobs */
  create(parameters: { supervisedFineTuningJob: Input<SupervisedFineTuningJob>; supervisedFineTuningJobId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<SupervisedFineTuningJob> {
    const { supervisedFineTuningJob, supervisedFineTuningJobId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'supervisedFineTuningJobs',
      query: { supervisedFineTuningJobId },
      body: supervisedFineTuningJob,
      options,
    });
  }

  /** Delete a supervised fine tuning job. DELETE /v1/accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}',
      name,
      options,
    });
  }

  /** Stop a job, keeping what it has. POST /v1/accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}:cancel */
  cancel(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}',
      name,
      suffix: ':cancel',
      options,
    });
  }

  /** Stop a job with a checkpoint, to resume it later. POST /v1/accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}:pause */
  pause(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}',
      name,
      suffix: ':pause',
      options,
    });
  }

  /** Go on with a stopped job. POST /v1/accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}:resume */
  resume(name: string, options?: CallOptions): Promise<SupervisedFineTuningJob> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}',
      name,
      suffix: ':resume',
      options,
    });
  }

  /** What a job did so far: losses, evaluations, checkpoints, messages. GET /v1/accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}:getEvents */
  getEvents(name: string, query: { afterSequence?: string | undefined } = {}, options?: CallOptions): Promise<FineTuningEvents> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}',
      name,
      suffix: ':getEvents',
      query: query as Query,
      options,
    });
  }

  /** What a job would train on, how long it would take and what it would cost. POST /v1/accounts/{account}/supervisedFineTuningJobs:preview */
  preview(body: Input<SupervisedFineTuningJob>, parent = '', options?: CallOptions): Promise<FineTuningPreview> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'supervisedFineTuningJobs:preview',
      body,
      options,
    });
  }
}
