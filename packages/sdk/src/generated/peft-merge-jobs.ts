// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface PeftMergeJob {
  /** accounts/{account}/PeftMergeJobs/{peftMergeJob} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  readonly state: 'JOB_STATE_UNSPECIFIED' | 'JOB_STATE_CREATING' | 'JOB_STATE_RUNNING' | 'JOB_STATE_COMPLETED' | 'JOB_STATE_FAILED' | 'JOB_STATE_CANCELLED' | 'JOB_STATE_DELETING' | 'JOB_STATE_WRITING_RESULTS' | 'JOB_STATE_VALIDATING' | 'JOB_STATE_ROLLOUT' | 'JOB_STATE_EVALUATION' | 'JOB_STATE_HANDLING_FAILURE' | 'JOB_STATE_DELETING_INCOMPLETE' | 'JOB_STATE_POLICY_UPDATE' | 'JOB_STATE_DELETING_CLEANING_UP' | 'JOB_STATE_PENDING' | 'JOB_STATE_EXPIRED' | 'JOB_STATE_RE_QUEUEING' | 'JOB_STATE_CREATING_INPUT_DATASET' | 'JOB_STATE_IDLE' | 'JOB_STATE_CANCELLING' | 'JOB_STATE_EARLY_STOPPED' | 'JOB_STATE_PAUSED' | 'JOB_STATE_DELETED' | 'JOB_STATE_ARCHIVED';
  readonly status: Status | null;
  /** The addon. */
  readonly peftModel: string;
  /** The model to make. */
  readonly mergedModel: string;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

/** Peft merge jobs: `accounts/{account}/PeftMergeJobs/{peftMergeJob}`. */
export class PeftMergeJobs {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List peft merge jobs. GET /v1/accounts/{account}/PeftMergeJobs */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<PeftMergeJob> {
    const collection = { path: 'PeftMergeJobs', key: 'peftMergeJobs' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a peft merge job. GET /v1/accounts/{account}/PeftMergeJobs/{peftMergeJob} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<PeftMergeJob> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/PeftMergeJobs/{peftMergeJob}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a peft merge job. POST /v1/accounts/{account}/PeftMergeJobs */
  create(parameters: { peftMergeJob: Input<PeftMergeJob>; parent?: string | undefined }, options?: CallOptions): Promise<PeftMergeJob> {
    const { peftMergeJob, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'PeftMergeJobs',
      body: peftMergeJob,
      options,
    });
  }

  /** Delete a peft merge job. DELETE /v1/accounts/{account}/PeftMergeJobs/{peftMergeJob} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/PeftMergeJobs/{peftMergeJob}',
      name,
      options,
    });
  }
}
