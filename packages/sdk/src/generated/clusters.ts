// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Cluster {
  /** accounts/{account}/clusters/{cluster} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly eksCluster: EksCluster | null;
  readonly fakeCluster: FakeCluster | null;
  readonly state: 'STATE_UNSPECIFIED' | 'CREATING' | 'READY' | 'DELETING' | 'FAILED';
  readonly status: Status | null;
}

export interface EksCluster {
  /** 12 digits. */
  readonly awsAccountId: string;
  /** Default: arn:aws:iam::<awsAccountId>:role/FireworksManagerRole. */
  readonly fireworksManagerRole: string;
  readonly region: string;
  readonly clusterName: string;
  readonly storageBucketName: string;
  readonly metricWriterRole: string;
  readonly loadBalancerControllerRole: string;
  readonly workloadIdentityPoolProviderId: string;
  readonly inferenceRole: string;
}

export interface FakeCluster {
  readonly projectId: string;
  readonly location: string;
  readonly clusterName: string;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface ClusterConnectionInfo {
  readonly endpoint: string;
  readonly caData: string;
}

/** Clusters: `accounts/{account}/clusters/{cluster}`. */
export class Clusters {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List clusters. GET /v1/accounts/{account}/clusters */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Cluster> {
    const collection = { path: 'clusters', key: 'clusters' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a cluster. GET /v1/accounts/{account}/clusters/{cluster} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Cluster> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/clusters/{cluster}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a cluster. POST /v1/accounts/{account}/clusters */
  create(parameters: { cluster: Input<Cluster>; clusterId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Cluster> {
    const { cluster, clusterId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'clusters',
      body: { cluster, clusterId },
      options,
    });
  }

  /** Update a cluster. PATCH /v1/accounts/{account}/clusters/{cluster} */
  update(name: string, changes: Input<Cluster>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Cluster> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/clusters/{cluster}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a cluster. DELETE /v1/accounts/{account}/clusters/{cluster} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/clusters/{cluster}',
      name,
      options,
    });
  }

  /** Get what a Kubernetes client needs to connect. GET /v1/accounts/{account}/clusters/{cluster}:getConnectionInfo */
  getConnectionInfo(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<ClusterConnectionInfo> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/clusters/{cluster}',
      name,
      suffix: ':getConnectionInfo',
      query: query as Query,
      options,
    });
  }
}
