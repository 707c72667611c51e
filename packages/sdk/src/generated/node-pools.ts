// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface NodePool {
  /** accounts/{account}/nodePools/{nodePool} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  /** Default 0. */
  readonly minNodeCount: number;
  /** Default 1. */
  readonly maxNodeCount: number;
  /** At most minNodeCount, and at most maxNodeCount less minNodeCount. */
  readonly overprovisionNodeCount: number;
  readonly eksNodePool: EksNodePool | null;
  readonly fakeNodePool: FakeNodePool | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'STATE_UNSPECIFIED' | 'CREATING' | 'READY' | 'DELETING' | 'FAILED';
  readonly status: Status | null;
  readonly nodePoolStats: NodePoolStats | null;
}

export interface EksNodePool {
  readonly nodeRole: string;
  readonly instanceType: string;
  readonly spot: boolean;
  /** Default: the id of the node pool. */
  readonly nodeGroupName: string;
  readonly subnetIds: readonly string[];
  readonly zone: string;
  readonly placementGroup: string;
  readonly launchTemplate: string;
}

export interface FakeNodePool {
  readonly machineType: string;
  readonly numNodes: number;
  readonly serviceAccount: string;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface NodePoolStats {
  readonly nodeCount: number;
  readonly ranksPerNode: number;
  readonly environmentCount: number;
  readonly environmentRanks: number;
  /** By state. */
  readonly batchJobCount: Readonly<Record<string, number>>;
  /** By state. */
  readonly batchJobRanks: Readonly<Record<string, number>>;
}

export interface BatchDeleteRequest {
  /** Full names of the resources to delete. */
  readonly names: readonly string[];
}

/** Node pools: `accounts/{account}/nodePools/{nodePool}`. */
export class NodePools {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List node pools. GET /v1/accounts/{account}/nodePools */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<NodePool> {
    const collection = { path: 'nodePools', key: 'nodePools' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a node pool. GET /v1/accounts/{account}/nodePools/{nodePool} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<NodePool> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/nodePools/{nodePool}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a node pool. POST /v1/accounts/{account}/nodePools */
  create(parameters: { nodePool: Input<NodePool>; nodePoolId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<NodePool> {
    const { nodePool, nodePoolId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'nodePools',
      body: { nodePool, nodePoolId },
      options,
    });
  }

  /** Update a node pool. PATCH /v1/accounts/{account}/nodePools/{nodePool} */
  update(name: string, changes: Input<NodePool>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<NodePool> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/nodePools/{nodePool}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a node pool. DELETE /v1/accounts/{account}/nodePools/{nodePool} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/nodePools/{nodePool}',
      name,
      options,
    });
  }

  /** Get what a node pool runs. GET /v1/accounts/{account}/nodePools/{nodePool}:getStats */
  getStats(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<NodePoolStats> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/nodePools/{nodePool}',
      name,
      suffix: ':getStats',
      query: query as Query,
      options,
    });
  }

  /** Delete several node pools. POST /v1/accounts/{account}/nodePools:batchDelete */
  batchDelete(body: Input<BatchDeleteRequest>, parent = '', options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'nodePools:batchDelete',
      body,
      options,
    });
  }
}
