// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Environment {
  /** accounts/{account}/environments/{environment} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  readonly state: 'STATE_UNSPECIFIED' | 'CREATING' | 'DISCONNECTED' | 'CONNECTING' | 'CONNECTED' | 'DISCONNECTING' | 'RECONNECTING' | 'DELETING';
  readonly status: Status | null;
  readonly connection: EnvironmentConnection | null;
  readonly baseImageRef: string;
  /** Image of baseImageRef at creation. */
  readonly imageRef: string;
  readonly snapshotImageRef: string;
  readonly shared: boolean;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface EnvironmentConnection {
  readonly nodePoolId: string;
  /** Default 1. */
  readonly numRanks: number;
  readonly role: string;
  readonly zone: string;
  readonly useLocalStorage: boolean;
}

export interface ConnectEnvironmentRequest {
  readonly connection: EnvironmentConnection | null;
  readonly vscodeVersion: string;
}

export interface DisconnectEnvironmentRequest {
  /** Even if the snapshot fails. */
  readonly force: boolean;
  /** Begin again from the base image. */
  readonly resetSnapshots: boolean;
}

export interface BatchDeleteRequest {
  /** Full names of the resources to delete. */
  readonly names: readonly string[];
}

/** Environments: `accounts/{account}/environments/{environment}`. */
export class Environments {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List environments. GET /v1/accounts/{account}/environments */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Environment> {
    const collection = { path: 'environments', key: 'environments' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get an environment. GET /v1/accounts/{account}/environments/{environment} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Environment> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/environments/{environment}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create an environment. POST /v1/accounts/{account}/environments */
  create(parameters: { environment: Input<Environment>; environmentId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Environment> {
    const { environment, environmentId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'environments',
      body: { environment, environmentId },
      options,
    });
  }

  /** Update an environment. PATCH /v1/accounts/{account}/environments/{environment} */
  update(name: string, changes: Input<Environment>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Environment> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/environments/{environment}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete an environment. DELETE /v1/accounts/{account}/environments/{environment} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/environments/{environment}',
      name,
      options,
    });
  }

  /** Connect an environment to a node pool. POST /v1/accounts/{account}/environments/{environment}:connect */
  connect(name: string, changes: Input<ConnectEnvironmentRequest>, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/environments/{environment}',
      name,
      suffix: ':connect',
      body: changes,
      options,
    });
  }

  /** Disconnect an environment, saving a snapshot. POST /v1/accounts/{account}/environments/{environment}:disconnect */
  disconnect(name: string, changes: Input<DisconnectEnvironmentRequest>, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/environments/{environment}',
      name,
      suffix: ':disconnect',
      body: changes,
      options,
    });
  }

  /** Delete several environments. POST /v1/accounts/{account}/environments:batchDelete */
  batchDelete(body: Input<BatchDeleteRequest>, parent = '', options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'environments:batchDelete',
      body,
      options,
    });
  }
}
