// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface ReinforcementFineTuningJob {
  /** accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly completedTime: string | null;
  readonly createdBy: string;
  readonly state: 'JOB_STATE_UNSPECIFIED' | 'JOB_STATE_CREATING' | 'JOB_STATE_RUNNING' | 'JOB_STATE_COMPLETED' | 'JOB_STATE_FAILED' | 'JOB_STATE_CANCELLED' | 'JOB_STATE_DELETING' | 'JOB_STATE_WRITING_RESULTS' | 'JOB_STATE_VALIDATING' | 'JOB_STATE_ROLLOUT' | 'JOB_STATE_EVALUATION' | 'JOB_STATE_HANDLING_FAILURE' | 'JOB_STATE_DELETING_INCOMPLETE' | 'JOB_STATE_POLICY_UPDATE' | 'JOB_STATE_DELETING_CLEANING_UP' | 'JOB_STATE_PENDING' | 'JOB_STATE_EXPIRED' | 'JOB_STATE_RE_QUEUEING' | 'JOB_STATE_CREATING_INPUT_DATASET' | 'JOB_STATE_IDLE' | 'JOB_STATE_CANCELLING' | 'JOB_STATE_EARLY_STOPPED' | 'JOB_STATE_PAUSED' | 'JOB_STATE_DELETED' | 'JOB_STATE_ARCHIVED';
  readonly status: Status | null;
  /** Name of a dataset. */
  readonly dataset: string;
  /** Name of a dataset. */
  readonly evaluationDataset: string;
  readonly evalAutoCarveout: boolean;
  /** Name of a evaluator. */
  readonly evaluator: string;
  readonly trainingConfig: BaseTrainingConfig | null;
  readonly episodes: number;
  readonly inferenceParameters: InferenceParameters | null;
  readonly lossConfig: ReinforcementLearningLossConfig | null;
  /** Examples rolled out before each update. */
  readonly chunkSize: number;
  readonly mcpServer: string;
  readonly nodeCount: number;
  readonly maxInferenceReplicaCount: number;
  readonly maxConcurrentRollouts: number;
  readonly maxConcurrentEvaluations: number;
  readonly wandbConfig: WandbConfig | null;
  readonly awsS3Config: AwsS3Config | null;
  readonly azureBlobStorageConfig: AzureBlobStorageConfig | null;
  readonly outputMetrics: string;
  readonly outputStats: string;
  readonly acceleratorSeconds: Readonly<Record<string, string>>;
  readonly trainerLogsSignedUrl: string;
  readonly jobProgress: JobProgress | null;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface BaseTrainingConfig {
  /** Id of the model to make. Default: the job id. */
  readonly outputModel: string;
  /** Model to fine-tune; this or warmStartFrom. */
  readonly baseModel: string;
  /** LoRA addon to train on from; this or baseModel. */
  readonly warmStartFrom: string;
  readonly jinjaTemplate: string;
  readonly learningRate: number;
  readonly learningRateWarmupSteps: number;
  readonly optimizerWeightDecay: number;
  readonly maxContextLength: number;
  readonly loraRank: number;
  readonly region: 'REGION_UNSPECIFIED' | 'US_IOWA_1' | 'US_VIRGINIA_1' | 'US_VIRGINIA_2' | 'US_ILLINOIS_1' | 'AP_TOKYO_1' | 'EU_LONDON_1' | 'US_ARIZONA_1' | 'US_TEXAS_1' | 'US_ILLINOIS_2' | 'EU_FRANKFURT_1' | 'US_TEXAS_2' | 'EU_PARIS_1' | 'EU_HELSINKI_1' | 'US_NEVADA_1' | 'EU_ICELAND_1' | 'EU_ICELAND_2' | 'US_WASHINGTON_1' | 'US_WASHINGTON_2' | 'EU_ICELAND_DEV_1' | 'US_WASHINGTON_3' | 'US_ARIZONA_2' | 'AP_TOKYO_2' | 'US_CALIFORNIA_1' | 'US_MISSOURI_1' | 'US_UTAH_1' | 'US_TEXAS_3' | 'US_ARIZONA_3' | 'US_GEORGIA_1' | 'US_GEORGIA_2' | 'US_WASHINGTON_4' | 'US_GEORGIA_3' | 'NA_BRITISHCOLUMBIA_1' | 'US_GEORGIA_4' | 'EU_ICELAND_3' | 'US_OHIO_1' | 'US_NEWYORK_1';
  readonly epochs: number;
  readonly batchSize: number;
  readonly batchSizeSamples: number;
  readonly gradientAccumulationSteps: number;
}

export interface InferenceParameters {
  readonly maxTokens: number;
  /** Another name of maxTokens. */
  readonly maxOutputTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly n: number;
  /** Another name of n. */
  readonly responseCandidatesCount: number;
  /** JSON object merged into each request body. */
  readonly extraBody: string;
}

export interface ReinforcementLearningLossConfig {
  readonly method: 'METHOD_UNSPECIFIED' | 'GRPO' | 'DAPO' | 'DPO' | 'ORPO' | 'GSPO_TOKEN';
  readonly klBeta: number;
  readonly dpo: DpoConfig | null;
}

export interface DpoConfig {
  readonly beta: number;
  readonly refCacheConcurrency: number;
  readonly refCacheBatchSize: number;
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

/** Reinforcement fine tuning jobs: `accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob}`. */
export class ReinforcementFineTuningJobs {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List reinforcement fine tuning jobs. GET /v1/accounts/{account}/reinforcementFineTuningJobs */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<ReinforcementFineTuningJob> {
    const collection = { path: 'reinforcementFineTuningJobs', key: 'reinforcementFineTuningJobs' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a reinforcement fine tuning job. GET /v1/accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<ReinforcementFineTuningJob> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a reinforcement fine tuning job. POST /v1/accounts/{account}/reinforcementFineTuningJobs */
  create(parameters: { reinforcementFineTuningJob: Input<ReinforcementFineTuningJob>; reinforcementFineTuningJobId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<ReinforcementFineTuningJob> {
    const { reinforcementFineTuningJob, reinforcementFineTuningJobId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'reinforcementFineTuningJobs',
      query: { reinforcementFineTuningJobId },
      body: reinforcementFineTuningJob,
      options,
    });
  }

  /** Delete a reinforcement fine tuning job. DELETE /v1/accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob}',
      name,
      options,
    });
  }

  /** Stop a job, keeping what it has. POST /v1/accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob}:cancel */
  cancel(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob}',
      name,
      suffix: ':cancel',
      options,
    });
  }

  /** Go on with a stopped job. POST /v1/accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob}:resume */
  resume(name: string, options?: CallOptions): Promise<ReinforcementFineTuningJob> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob}',
      name,
      suffix: ':resume',
      options,
    });
  }
}
