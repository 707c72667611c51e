// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface BatchInferenceJob {
  /** accounts/{account}/batchInferenceJobs/{batchInferenceJob} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly expireTime: string | null;
  readonly createdBy: string;
  readonly state: 'JOB_STATE_UNSPECIFIED' | 'JOB_STATE_CREATING' | 'JOB_STATE_RUNNING' | 'JOB_STATE_COMPLETED' | 'JOB_STATE_FAILED' | 'JOB_STATE_CANCELLED' | 'JOB_STATE_DELETING' | 'JOB_STATE_WRITING_RESULTS' | 'JOB_STATE_VALIDATING' | 'JOB_STATE_ROLLOUT' | 'JOB_STATE_EVALUATION' | 'JOB_STATE_HANDLING_FAILURE' | 'JOB_STATE_DELETING_INCOMPLETE' | 'JOB_STATE_POLICY_UPDATE' | 'JOB_STATE_DELETING_CLEANING_UP' | 'JOB_STATE_PENDING' | 'JOB_STATE_EXPIRED' | 'JOB_STATE_RE_QUEUEING' | 'JOB_STATE_CREATING_INPUT_DATASET' | 'JOB_STATE_IDLE' | 'JOB_STATE_CANCELLING' | 'JOB_STATE_EARLY_STOPPED' | 'JOB_STATE_PAUSED' | 'JOB_STATE_DELETED' | 'JOB_STATE_ARCHIVED';
  readonly status: Status | null;
  /** Name of a model. */
  readonly model: string;
  /** Name of a dataset. */
  readonly inputDatasetId: string;
  /** Dataset to make. */
  readonly outputDatasetId: string;
  readonly inferenceParameters: InferenceParameters | null;
  readonly systemPrompt: string;
  readonly appendToMessages: AppendToMessages | null;
  readonly endingAssistantMessages: string;
  readonly precision: 'PRECISION_UNSPECIFIED' | 'FP16' | 'FP8' | 'FP8_MM' | 'FP8_AR' | 'FP8_MM_KV_ATTN' | 'FP8_KV' | 'FP8_MM_V2' | 'FP8_V2' | 'FP8_MM_KV_ATTN_V2' | 'NF4' | 'FP4' | 'BF16' | 'FP4_BLOCKSCALED_MM' | 'FP4_MX_MOE';
  readonly acceleratorType: 'ACCELERATOR_TYPE_UNSPECIFIED' | 'NVIDIA_A100_80GB' | 'NVIDIA_H100_80GB' | 'AMD_MI300X_192GB' | 'NVIDIA_A10G_24GB' | 'NVIDIA_A100_40GB' | 'NVIDIA_L4_24GB' | 'NVIDIA_H200_141GB' | 'NVIDIA_B200_180GB' | 'AMD_MI325X_256GB' | 'AMD_MI350X_288GB';
  readonly acceleratorCount: number;
  readonly maxReplicaCount: number;
  readonly region: 'REGION_UNSPECIFIED' | 'US_IOWA_1' | 'US_VIRGINIA_1' | 'US_VIRGINIA_2' | 'US_ILLINOIS_1' | 'AP_TOKYO_1' | 'EU_LONDON_1' | 'US_ARIZONA_1' | 'US_TEXAS_1' | 'US_ILLINOIS_2' | 'EU_FRANKFURT_1' | 'US_TEXAS_2' | 'EU_PARIS_1' | 'EU_HELSINKI_1' | 'US_NEVADA_1' | 'EU_ICELAND_1' | 'EU_ICELAND_2' | 'US_WASHINGTON_1' | 'US_WASHINGTON_2' | 'EU_ICELAND_DEV_1' | 'US_WASHINGTON_3' | 'US_ARIZONA_2' | 'AP_TOKYO_2' | 'US_CALIFORNIA_1' | 'US_MISSOURI_1' | 'US_UTAH_1' | 'US_TEXAS_3' | 'US_ARIZONA_3' | 'US_GEORGIA_1' | 'US_GEORGIA_2' | 'US_WASHINGTON_4' | 'US_GEORGIA_3' | 'NA_BRITISHCOLUMBIA_1' | 'US_GEORGIA_4' | 'EU_ICELAND_3' | 'US_OHIO_1' | 'US_NEWYORK_1';
  /** Go on with the rows this job did not finish. */
  readonly continuedFromJobName: string;
  readonly jobProgress: JobProgress | null;
  readonly waitingOnCapacity: boolean;
  readonly maxJobDuration: string | null;
  readonly lifecycle: Readonly<Record<string, unknown>>;
  readonly placement: Readonly<Record<string, unknown>>;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
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

export interface AppendToMessages {
  readonly unrollMultipleResponses: boolean;
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

/** Batch inference jobs: `accounts/{account}/batchInferenceJobs/{batchInferenceJob}`. */
export class BatchInferenceJobs {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List batch inference jobs. GET /v1/accounts/{account}/batchInferenceJobs */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<BatchInferenceJob> {
    const collection = { path: 'batchInferenceJobs', key: 'batchInferenceJobs' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a batch inference job. GET /v1/accounts/{account}/batchInferenceJobs/{batchInferenceJob} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<BatchInferenceJob> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/batchInferenceJobs/{batchInferenceJob}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a batch inference job. POST /v1/accounts/{account}/batchInferenceJobs */
  create(parameters: { batchInferenceJob: Input<BatchInferenceJob>; batchInferenceJobId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<BatchInferenceJob> {
    const { batchInferenceJob, batchInferenceJobId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'batchInferenceJobs',
      query: { batchInferenceJobId },
      body: batchInferenceJob,
      options,
    });
  }

  /** Delete a batch inference job. DELETE /v1/accounts/{account}/batchInferenceJobs/{batchInferenceJob} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/batchInferenceJobs/{batchInferenceJob}',
      name,
      options,
    });
  }
}
