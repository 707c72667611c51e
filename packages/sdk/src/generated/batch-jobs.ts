// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface BatchJob {
  /** accounts/{account}/batchJobs/{batchJob} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly startTime: string | null;
  readonly endTime: string | null;
  readonly createdBy: string;
  readonly nodePoolId: string;
  /** Excludes imageRef. */
  readonly environmentId: string;
  /** Needs environmentId, excludes imageRef. */
  readonly snapshotId: string;
  /** Excludes environmentId and snapshotId. */
  readonly imageRef: string;
  /** One GPU each in a GPU pool, one host each in a CPU pool. */
  readonly numRanks: number;
  readonly envVars: Readonly<Record<string, string>>;
  readonly role: string;
  readonly pythonExecutor: PythonExecutor | null;
  readonly notebookExecutor: NotebookExecutor | null;
  readonly shellExecutor: ShellExecutor | null;
  /** Keys below fireworks.ai/ are reserved. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'STATE_UNSPECIFIED' | 'CREATING' | 'QUEUED' | 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLING' | 'CANCELLED' | 'DELETING';
  /** Why it is in its state. */
  readonly status: string;
  readonly shared: boolean;
}

export interface PythonExecutor {
  readonly targetType: 'TARGET_TYPE_UNSPECIFIED' | 'MODULE' | 'FILENAME';
  readonly target: string;
  readonly args: readonly string[];
}

export interface NotebookExecutor {
  readonly notebookFilename: string;
}

export interface ShellExecutor {
  readonly command: string;
}

export interface BatchJobLogs {
  readonly entries: readonly LogEntry[];
  readonly nextPageToken: string;
}

export interface LogEntry {
  readonly logTime: string | null;
  readonly rank: number;
  readonly message: string;
}

export interface BatchDeleteRequest {
  /** Full names of the resources to delete. */
  readonly names: readonly string[];
}

/** Batch jobs: `accounts/{account}/batchJobs/{batchJob}`. */
export class BatchJobs {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List batch jobs. GET /v1/accounts/{account}/batchJobs */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<BatchJob> {
    const collection = { path: 'batchJobs', key: 'batchJobs' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a batch job. GET /v1/accounts/{account}/batchJobs/{batchJob} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<BatchJob> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/batchJobs/{batchJob}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a batch job. POST /v1/accounts/{account}/batchJobs */
  create(parameters: { batchJob: Input<BatchJob>; parent?: string | undefined }, options?: CallOptions): Promise<BatchJob> {
    const { batchJob, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'batchJobs',
      body: batchJob,
      options,
    });
  }

  /** Update a batch job. PATCH /v1/accounts/{account}/batchJobs/{batchJob} */
  update(name: string, changes: Input<BatchJob>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<BatchJob> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/batchJobs/{batchJob}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a batch job. DELETE /v1/accounts/{account}/batchJobs/{batchJob} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/batchJobs/{batchJob}',
      name,
      options,
    });
  }

  /** Stop a batch job. POST /v1/accounts/{account}/batchJobs/{batchJob}:cancel */
  cancel(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/batchJobs/{batchJob}',
      name,
      suffix: ':cancel',
      options,
    });
  }

  /** Read the logs of a batch job. GET /v1/accounts/{account}/batchJobs/{batchJob}:getLogs */
  getLogs(name: string, query: { ranks?: readonly number[] | undefined; pageSize?: number | undefined; pageToken?: string | undefined; startTime?: string | undefined; filter?: string | undefined; startFromHead?: boolean | undefined; readMask?: string | undefined } = {}, options?: CallOptions): Promise<BatchJobLogs> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/batchJobs/{batchJob}',
      name,
      suffix: ':getLogs',
      query: query as Query,
      options,
    });
  }

  /** Delete several batch jobs. POST /v1/accounts/{account}/batchJobs:batchDelete */
  batchDelete(body: Input<BatchDeleteRequest>, parent = '', options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'batchJobs:batchDelete',
      body,
      options,
    });
  }
}
