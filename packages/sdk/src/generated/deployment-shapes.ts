// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface DeploymentShape {
  /** accounts/{account}/deploymentShapes/{deploymentShape} */
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  /** Name of a model. */
  readonly baseModel: string;
  readonly modelType: string;
  readonly parameterCount: string;
  readonly acceleratorCount: number;
  readonly acceleratorType: 'ACCELERATOR_TYPE_UNSPECIFIED' | 'NVIDIA_A100_80GB' | 'NVIDIA_H100_80GB' | 'AMD_MI300X_192GB' | 'NVIDIA_A10G_24GB' | 'NVIDIA_A100_40GB' | 'NVIDIA_L4_24GB' | 'NVIDIA_H200_141GB' | 'NVIDIA_B200_180GB' | 'AMD_MI325X_256GB' | 'AMD_MI350X_288GB';
  readonly precision: 'PRECISION_UNSPECIFIED' | 'FP16' | 'FP8' | 'FP8_MM' | 'FP8_AR' | 'FP8_MM_KV_ATTN' | 'FP8_KV' | 'FP8_MM_V2' | 'FP8_V2' | 'FP8_MM_KV_ATTN_V2' | 'NF4' | 'FP4' | 'BF16' | 'FP4_BLOCKSCALED_MM' | 'FP4_MX_MOE';
  readonly disableDeploymentSizeValidation: boolean;
  readonly enableAddons: boolean;
  readonly enableSessionAffinity: boolean;
  /** Name of a model. */
  readonly draftModel: string;
  readonly draftTokenCount: number;
  readonly ngramSpeculationLength: number;
  readonly maxContextLength: number;
  readonly numLoraDeviceCached: number;
  readonly presetType: 'PRESET_TYPE_UNSPECIFIED' | 'MINIMAL' | 'FAST' | 'THROUGHPUT' | 'FULL_PRECISION' | 'AGENTIC_CODING' | 'CHAT' | 'SUMMARIZATION';
}

/** Deployment shapes: `accounts/{account}/deploymentShapes/{deploymentShape}`. */
export class DeploymentShapes {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List deployment shapes. GET /v1/accounts/{account}/deploymentShapes */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<DeploymentShape> {
    const collection = { path: 'deploymentShapes', key: 'deploymentShapes' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a deployment shape. GET /v1/accounts/{account}/deploymentShapes/{deploymentShape} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<DeploymentShape> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/deploymentShapes/{deploymentShape}',
      name,
      query: query as Query,
      options,
    });
  }
}
