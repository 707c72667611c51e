// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface EvaluationJob {
  /** accounts/{account}/evaluationJobs/{evaluationJob} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  readonly state: 'JOB_STATE_UNSPECIFIED' | 'JOB_STATE_CREATING' | 'JOB_STATE_RUNNING' | 'JOB_STATE_COMPLETED' | 'JOB_STATE_FAILED' | 'JOB_STATE_CANCELLED' | 'JOB_STATE_DELETING' | 'JOB_STATE_WRITING_RESULTS' | 'JOB_STATE_VALIDATING' | 'JOB_STATE_ROLLOUT' | 'JOB_STATE_EVALUATION' | 'JOB_STATE_HANDLING_FAILURE' | 'JOB_STATE_DELETING_INCOMPLETE' | 'JOB_STATE_POLICY_UPDATE' | 'JOB_STATE_DELETING_CLEANING_UP' | 'JOB_STATE_PENDING' | 'JOB_STATE_EXPIRED' | 'JOB_STATE_RE_QUEUEING' | 'JOB_STATE_CREATING_INPUT_DATASET' | 'JOB_STATE_IDLE' | 'JOB_STATE_CANCELLING' | 'JOB_STATE_EARLY_STOPPED' | 'JOB_STATE_PAUSED' | 'JOB_STATE_DELETED' | 'JOB_STATE_ARCHIVED';
  readonly status: Status | null;
  /** Name of a evaluator. */
  readonly evaluator: string;
  /** Name of a dataset. */
  readonly inputDataset: string;
  /** Dataset to make. */
  readonly outputDataset: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly outputStats: string;
  readonly awsS3Config: AwsS3Config | null;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface AwsS3Config {
  /** Secret with "access key id:secret access key". */
  readonly credentialsSecret: string;
  readonly iamRoleArn: string;
}

export interface ExecutionLog {
  /** Empty until there is a log. */
  readonly executionLogSignedUri: string;
  readonly contentType: string;
  readonly expireTime: string | null;
}

/** Evaluation jobs: `accounts/{account}/evaluationJobs/{evaluationJob}`. */
export class EvaluationJobs {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List evaluation jobs. GET /v1/accounts/{account}/evaluationJobs */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<EvaluationJob> {
    const collection = { path: 'evaluationJobs', key: 'evaluationJobs' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get an evaluation job. GET /v1/accounts/{account}/evaluationJobs/{evaluationJob} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<EvaluationJob> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/evaluationJobs/{evaluationJob}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create an evaluation job. POST /v1/accounts/{account}/evaluationJobs */
  create(parameters: { evaluationJob: Input<EvaluationJob>; evaluationJobId?: string | undefined; leaderboardIds?: readonly string[] | undefined; parent?: string | undefined }, options?: CallOptions): Promise<EvaluationJob> {
    const { evaluationJob, evaluationJobId, leaderboardIds, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'evaluationJobs',
      body: { evaluationJob, evaluationJobId, leaderboardIds },
      options,
    });
  }

  /** Delete an evaluation job. DELETE /v1/accounts/{account}/evaluationJobs/{evaluationJob} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/evaluationJobs/{evaluationJob}',
      name,
      options,
    });
  }

  /** Get a URL to read the log of the run from. GET /v1/accounts/{account}/evaluationJobs/{evaluationJob}:getExecutionLogEndpoint */
  getExecutionLogEndpoint(name: string, options?: CallOptions): Promise<ExecutionLog> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/evaluationJobs/{evaluationJob}',
      name,
      suffix: ':getExecutionLogEndpoint',
      options,
    });
  }
}
