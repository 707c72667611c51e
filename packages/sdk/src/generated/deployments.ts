// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Deployment {
  /** accounts/{account}/deployments/{deployment} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly description: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  /** When it is deleted by itself. Absent: never. */
  readonly expireTime: string | null;
  readonly deleteTime: string | null;
  /** Until then it can be undeleted. */
  readonly purgeTime: string | null;
  readonly createdBy: string;
  readonly state: 'STATE_UNSPECIFIED' | 'CREATING' | 'READY' | 'DELETING' | 'FAILED' | 'UPDATING' | 'DELETED';
  readonly status: Status | null;
  readonly annotations: Readonly<Record<string, string>>;
  /** Default 0: may sleep. */
  readonly minReplicaCount: number;
  /** Default: minReplicaCount or 1, whichever is larger. */
  readonly maxReplicaCount: number;
  readonly maxWithRevocableReplicaCount: number;
  /** What autoscaling wants. */
  readonly desiredReplicaCount: number;
  readonly replicaCount: number;
  readonly replicaStats: ReplicaStats | null;
  readonly autoscalingPolicy: AutoscalingPolicy | null;
  /** Name of a model. */
  readonly baseModel: string;
  /** Per replica. Default: as few as the model fits on. */
  readonly acceleratorCount: number;
  readonly acceleratorType: 'ACCELERATOR_TYPE_UNSPECIFIED' | 'NVIDIA_A100_80GB' | 'NVIDIA_H100_80GB' | 'AMD_MI300X_192GB' | 'NVIDIA_A10G_24GB' | 'NVIDIA_A100_40GB' | 'NVIDIA_L4_24GB' | 'NVIDIA_H200_141GB' | 'NVIDIA_B200_180GB' | 'AMD_MI325X_256GB' | 'AMD_MI350X_288GB';
  readonly precision: 'PRECISION_UNSPECIFIED' | 'FP16' | 'FP8' | 'FP8_MM' | 'FP8_AR' | 'FP8_MM_KV_ATTN' | 'FP8_KV' | 'FP8_MM_V2' | 'FP8_V2' | 'FP8_MM_KV_ATTN_V2' | 'NF4' | 'FP4' | 'BF16' | 'FP4_BLOCKSCALED_MM' | 'FP4_MX_MOE';
  readonly cluster: string;
  /** Whether LoRA addons can be loaded. */
  readonly enableAddons: boolean;
  /** Name of a model. */
  readonly draftModel: string;
  /** Tokens a draft has; required with draftModel or ngramSpeculationLength. */
  readonly draftTokenCount: number;
  /** Draft from the text itself; excludes draftModel. */
  readonly ngramSpeculationLength: number;
  readonly numPeftDeviceCached: number;
  readonly deploymentTemplate: string;
  /** accounts/{account}/deploymentShapes/{shape}, with or without /versions/{version}. */
  readonly deploymentShape: string;
  readonly autoTune: AutoTune | null;
  readonly region: 'REGION_UNSPECIFIED' | 'US_IOWA_1' | 'US_VIRGINIA_1' | 'US_VIRGINIA_2' | 'US_ILLINOIS_1' | 'AP_TOKYO_1' | 'EU_LONDON_1' | 'US_ARIZONA_1' | 'US_TEXAS_1' | 'US_ILLINOIS_2' | 'EU_FRANKFURT_1' | 'US_TEXAS_2' | 'EU_PARIS_1' | 'EU_HELSINKI_1' | 'US_NEVADA_1' | 'EU_ICELAND_1' | 'EU_ICELAND_2' | 'US_WASHINGTON_1' | 'US_WASHINGTON_2' | 'EU_ICELAND_DEV_1' | 'US_WASHINGTON_3' | 'US_ARIZONA_2' | 'AP_TOKYO_2' | 'US_CALIFORNIA_1' | 'US_MISSOURI_1' | 'US_UTAH_1' | 'US_TEXAS_3' | 'US_ARIZONA_3' | 'US_GEORGIA_1' | 'US_GEORGIA_2' | 'US_WASHINGTON_4' | 'US_GEORGIA_3' | 'NA_BRITISHCOLUMBIA_1' | 'US_GEORGIA_4' | 'EU_ICELAND_3' | 'US_OHIO_1' | 'US_NEWYORK_1';
  readonly placement: Placement | null;
  readonly isNim: boolean;
  readonly activeModelVersion: string;
  readonly targetModelVersion: string;
  readonly directRouteType: 'DIRECT_ROUTE_TYPE_UNSPECIFIED' | 'INTERNET' | 'GCP_PRIVATE_SERVICE_CONNECT' | 'AWS_PRIVATELINK';
  readonly directRouteApiKeys: readonly string[];
  /** Host to call, bypassing the gateway. */
  readonly directRouteHandle: string;
  readonly disableDeploymentSizeValidation: boolean;
  readonly enableHotReloadLatestAddon: boolean;
  readonly enableMtp: boolean;
  /** Send requests of one user to one replica. */
  readonly enableSessionAffinity: boolean;
  readonly enableHotLoad: boolean;
  readonly hotLoadBucketType: 'BUCKET_TYPE_UNSPECIFIED' | 'MINIO' | 'S3' | 'NEBIUS' | 'FW_HOSTED';
  readonly hotLoadBucketUrl: string;
  readonly maxContextLength: number;
  readonly pricingPlanId: string;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface ReplicaStats {
  readonly pendingSchedulingReplicaCount: number;
  readonly downloadingModelReplicaCount: number;
  readonly initializingReplicaCount: number;
  readonly readyReplicaCount: number;
}

export interface AutoscalingPolicy {
  /** How long load must be high. Default 30s. */
  readonly scaleUpWindow: string | null;
  /** How long load must be low. Default 600s. */
  readonly scaleDownWindow: string | null;
  /** Idle time before the last replica stops, if minReplicaCount is 0. At least 300s; default 3600s. */
  readonly scaleToZeroWindow: string | null;
  /** Load a replica should have, by metric: default (0 to 1), tokens_generated_per_second, … */
  readonly loadTargets: Readonly<Record<string, number>>;
}

export interface AutoTune {
  /** Optimize for prompts above 3000 tokens. */
  readonly longPrompt: boolean;
}

export interface Placement {
  readonly multiRegion: 'MULTI_REGION_UNSPECIFIED' | 'GLOBAL' | 'US' | 'EUROPE' | 'APAC';
  readonly region: 'REGION_UNSPECIFIED' | 'US_IOWA_1' | 'US_VIRGINIA_1' | 'US_VIRGINIA_2' | 'US_ILLINOIS_1' | 'AP_TOKYO_1' | 'EU_LONDON_1' | 'US_ARIZONA_1' | 'US_TEXAS_1' | 'US_ILLINOIS_2' | 'EU_FRANKFURT_1' | 'US_TEXAS_2' | 'EU_PARIS_1' | 'EU_HELSINKI_1' | 'US_NEVADA_1' | 'EU_ICELAND_1' | 'EU_ICELAND_2' | 'US_WASHINGTON_1' | 'US_WASHINGTON_2' | 'EU_ICELAND_DEV_1' | 'US_WASHINGTON_3' | 'US_ARIZONA_2' | 'AP_TOKYO_2' | 'US_CALIFORNIA_1' | 'US_MISSOURI_1' | 'US_UTAH_1' | 'US_TEXAS_3' | 'US_ARIZONA_3' | 'US_GEORGIA_1' | 'US_GEORGIA_2' | 'US_WASHINGTON_4' | 'US_GEORGIA_3' | 'NA_BRITISHCOLUMBIA_1' | 'US_GEORGIA_4' | 'EU_ICELAND_3' | 'US_OHIO_1' | 'US_NEWYORK_1';
  readonly regions: readonly ('REGION_UNSPECIFIED' | 'US_IOWA_1' | 'US_VIRGINIA_1' | 'US_VIRGINIA_2' | 'US_ILLINOIS_1' | 'AP_TOKYO_1' | 'EU_LONDON_1' | 'US_ARIZONA_1' | 'US_TEXAS_1' | 'US_ILLINOIS_2' | 'EU_FRANKFURT_1' | 'US_TEXAS_2' | 'EU_PARIS_1' | 'EU_HELSINKI_1' | 'US_NEVADA_1' | 'EU_ICELAND_1' | 'EU_ICELAND_2' | 'US_WASHINGTON_1' | 'US_WASHINGTON_2' | 'EU_ICELAND_DEV_1' | 'US_WASHINGTON_3' | 'US_ARIZONA_2' | 'AP_TOKYO_2' | 'US_CALIFORNIA_1' | 'US_MISSOURI_1' | 'US_UTAH_1' | 'US_TEXAS_3' | 'US_ARIZONA_3' | 'US_GEORGIA_1' | 'US_GEORGIA_2' | 'US_WASHINGTON_4' | 'US_GEORGIA_3' | 'NA_BRITISHCOLUMBIA_1' | 'US_GEORGIA_4' | 'EU_ICELAND_3' | 'US_OHIO_1' | 'US_NEWYORK_1')[];
}

export interface ScaleDeploymentRequest {
  readonly replicaCount: number;
}

export interface DeploymentMetrics {
  readonly metrics: Readonly<Record<string, number>>;
}

/** Deployments: `accounts/{account}/deployments/{deployment}`. */
export class Deployments {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List deployments. GET /v1/accounts/{account}/deployments */
  list(parameters: ListParameters & { showDeleted?: boolean | undefined } = {}, options?: CallOptions): PagePromise<Deployment> {
    const collection = { path: 'deployments', key: 'deployments' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a deployment. GET /v1/accounts/{account}/deployments/{deployment} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Deployment> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/deployments/{deployment}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a deployment. POST /v1/accounts/{account}/deployments */
  create(parameters: { deployment: Input<Deployment>; deploymentId?: string | undefined; disableAutoDeploy?: string | undefined; disableSpeculativeDecoding?: string | undefined; skipShapeValidation?: string | undefined; skipImageTagValidation?: string | undefined; validateOnly?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Deployment> {
    const { deployment, deploymentId, disableAutoDeploy, disableSpeculativeDecoding, skipShapeValidation, skipImageTagValidation, validateOnly, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'deployments',
      query: { deploymentId, disableAutoDeploy, disableSpeculativeDecoding, skipShapeValidation, skipImageTagValidation, validateOnly },
      body: deployment,
      options,
    });
  }

  /** Update a deployment. PATCH /v1/accounts/{account}/deployments/{deployment} */
  update(name: string, changes: Input<Deployment>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Deployment> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/deployments/{deployment}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a deployment. DELETE /v1/accounts/{account}/deployments/{deployment} */
  delete(name: string, query: { hard?: boolean | undefined; ignoreChecks?: boolean | undefined } = {}, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/deployments/{deployment}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Set the number of replicas until autoscaling changes it. PATCH /v1/accounts/{account}/deployments/{deployment}:scale */
  scale(name: string, changes: Input<ScaleDeploymentRequest>, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/deployments/{deployment}',
      name,
      suffix: ':scale',
      body: changes,
      options,
    });
  }

  /** Bring back a deleted or failed deployment. POST /v1/accounts/{account}/deployments/{deployment}:undelete */
  undelete(name: string, options?: CallOptions): Promise<Deployment> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/deployments/{deployment}',
      name,
      suffix: ':undelete',
      options,
    });
  }

  /** Get recent metrics of a deployment. GET /v1/accounts/{account}/deployments/{deployment}:metrics */
  metrics(name: string, query: { timeRange?: string | undefined; readMask?: string | undefined } = {}, options?: CallOptions): Promise<DeploymentMetrics> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/deployments/{deployment}',
      name,
      suffix: ':metrics',
      query: query as Query,
      options,
    });
  }
}
