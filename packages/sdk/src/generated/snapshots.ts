// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Snapshot {
  /** accounts/{account}/snapshots/{snapshot} */
  readonly name: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly state: 'STATE_UNSPECIFIED' | 'CREATING' | 'READY' | 'FAILED' | 'DELETING';
  readonly status: Status | null;
  readonly imageRef: string;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

/** Snapshots: `accounts/{account}/snapshots/{snapshot}`. */
export class Snapshots {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List snapshots. GET /v1/accounts/{account}/snapshots */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Snapshot> {
    const collection = { path: 'snapshots', key: 'snapshots' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a snapshot. GET /v1/accounts/{account}/snapshots/{snapshot} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Snapshot> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/snapshots/{snapshot}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a snapshot. POST /v1/accounts/{account}/snapshots */
  create(parameters: { snapshot: Input<Snapshot>; environmentId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Snapshot> {
    const { snapshot, environmentId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'snapshots',
      query: { environmentId },
      body: snapshot,
      options,
    });
  }

  /** Delete a snapshot. DELETE /v1/accounts/{account}/snapshots/{snapshot} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/snapshots/{snapshot}',
      name,
      options,
    });
  }
}
