// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Model {
  /** accounts/{account}/models/{model} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly description: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  readonly state: 'STATE_UNSPECIFIED' | 'UPLOADING' | 'READY';
  readonly status: Status | null;
  readonly kind: 'KIND_UNSPECIFIED' | 'HF_BASE_MODEL' | 'HF_PEFT_ADDON' | 'HF_TEFT_ADDON' | 'FLUMINA_BASE_MODEL' | 'FLUMINA_ADDON' | 'DRAFT_ADDON' | 'FIRE_AGENT' | 'LIVE_MERGE' | 'CUSTOM_MODEL' | 'EMBEDDING_MODEL' | 'SNAPSHOT_MODEL';
  readonly githubUrl: string;
  readonly huggingFaceUrl: string;
  readonly baseModelDetails: BaseModelDetails | null;
  readonly peftDetails: PeftDetails | null;
  readonly teftDetails: Record<string, never> | null;
  /** Whether other accounts may use it. */
  readonly public: boolean;
  readonly conversationConfig: ConversationConfig | null;
  readonly contextLength: number;
  readonly supportsImageInput: boolean;
  readonly supportsTools: boolean;
  readonly importedFrom: string;
  /** Job that made it. */
  readonly fineTuningJob: string;
  /** Name of a model. */
  readonly defaultDraftModel: string;
  /** Required with defaultDraftModel. */
  readonly defaultDraftTokenCount: number;
  readonly precisions: readonly ('PRECISION_UNSPECIFIED' | 'FP16' | 'FP8' | 'FP8_MM' | 'FP8_AR' | 'FP8_MM_KV_ATTN' | 'FP8_KV' | 'FP8_MM_V2' | 'FP8_V2' | 'FP8_MM_KV_ATTN_V2' | 'NF4' | 'FP4' | 'BF16' | 'FP4_BLOCKSCALED_MM' | 'FP4_MX_MOE')[];
  /** Filled in by get only. */
  readonly deployedModelRefs: readonly DeployedModelRef[];
  readonly cluster: string;
  readonly deprecationDate: CalendarDate | null;
  readonly calibrated: boolean;
  readonly tunable: boolean;
  readonly supportsLora: boolean;
  readonly useHfApplyChatTemplate: boolean;
  readonly defaultSamplingParams: Readonly<Record<string, number>>;
  readonly rlTunable: boolean;
  readonly snapshotType: 'FULL_SNAPSHOT' | 'INCREMENTAL_SNAPSHOT';
  readonly supportedPrecisions: readonly ('PRECISION_UNSPECIFIED' | 'FP16' | 'FP8' | 'FP8_MM' | 'FP8_AR' | 'FP8_MM_KV_ATTN' | 'FP8_KV' | 'FP8_MM_V2' | 'FP8_V2' | 'FP8_MM_KV_ATTN_V2' | 'NF4' | 'FP4' | 'BF16' | 'FP4_BLOCKSCALED_MM' | 'FP4_MX_MOE')[];
  readonly supportedPrecisionsWithCalibration: readonly ('PRECISION_UNSPECIFIED' | 'FP16' | 'FP8' | 'FP8_MM' | 'FP8_AR' | 'FP8_MM_KV_ATTN' | 'FP8_KV' | 'FP8_MM_V2' | 'FP8_V2' | 'FP8_MM_KV_ATTN_V2' | 'NF4' | 'FP4' | 'BF16' | 'FP4_BLOCKSCALED_MM' | 'FP4_MX_MOE')[];
  readonly trainingContextLength: number;
  readonly supportsServerless: boolean;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface BaseModelDetails {
  /** Default 1. */
  readonly worldSize: number;
  readonly checkpointFormat: 'CHECKPOINT_FORMAT_UNSPECIFIED' | 'NATIVE' | 'HUGGINGFACE' | 'UNINITIALIZED';
  readonly parameterCount: string;
  /** Mixture of experts. */
  readonly moe: boolean;
  readonly tunable: boolean;
  /** Architecture. */
  readonly modelType: string;
  readonly defaultPrecision: 'PRECISION_UNSPECIFIED' | 'FP16' | 'FP8' | 'FP8_MM' | 'FP8_AR' | 'FP8_MM_KV_ATTN' | 'FP8_KV' | 'FP8_MM_V2' | 'FP8_V2' | 'FP8_MM_KV_ATTN_V2' | 'NF4' | 'FP4' | 'BF16' | 'FP4_BLOCKSCALED_MM' | 'FP4_MX_MOE';
  readonly supportsFireattention: boolean;
  readonly supportsMtp: boolean;
}

export interface PeftDetails {
  /** Name of a model. */
  readonly baseModel: string;
  /** Rank, 4 to 64. */
  readonly r: number;
  readonly targetModules: readonly string[];
  readonly baseModelType: string;
  readonly mergeAddonModelName: string;
}

export interface ConversationConfig {
  /** Name of a chat template; jinja: the one in template. */
  readonly style: string;
  /** Default system prompt. */
  readonly system: string;
  /** Jinja source. */
  readonly template: string;
}

export interface DeployedModelRef {
  /** accounts/{account}/deployedModels/{deployedModel} */
  readonly name: string;
  readonly deployment: string;
  readonly state: 'STATE_UNSPECIFIED' | 'UNDEPLOYING' | 'DEPLOYING' | 'DEPLOYED' | 'UPDATING';
  /** Whether requests that name only the model come here. */
  readonly default: boolean;
  readonly public: boolean;
}

export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface ModelUploadUrls {
  readonly filenameToSignedUrls: Readonly<Record<string, string>>;
  readonly filenameToUnsignedUris: Readonly<Record<string, string>>;
}

export interface UploadModelRequest {
  /** File name to size in bytes. */
  readonly filenameToSize: Readonly<Record<string, string>>;
  readonly enableResumableUpload: boolean;
  readonly readMask: string;
}

export interface ValidateModelUploadResponse {
  readonly warnings: readonly string[];
}

export interface SignedUrls {
  readonly filenameToSignedUrls: Readonly<Record<string, string>>;
}

export interface Operation {
  readonly name: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly done: boolean;
  readonly error: RpcStatus | null;
  readonly response: Readonly<Record<string, unknown>>;
}

export interface RpcStatus {
  /** Number of the google.rpc code. */
  readonly code: number;
  readonly message: string;
}

export interface ImportModelRequest {
  readonly awsS3Source: AwsS3ModelSource | null;
  readonly huggingFaceSource: HuggingFaceModelSource | null;
  /** A model to copy: of the provider account, public, or of the account itself. */
  readonly sourceModel: string;
}

export interface AwsS3ModelSource {
  readonly s3Bucket: string;
  /** Folder in the bucket. */
  readonly s3Path: string;
  /** Not assumed here; send an access key. */
  readonly roleArn: string;
  /** Required: the buckets that the server itself can read are not read for callers. */
  readonly accessKeyId: string;
  /** The key itself, or the name of a secret with it. */
  readonly accessSecret: string;
}

export interface HuggingFaceModelSource {
  /** Such as HuggingFaceTB/SmolLM2-135M-Instruct. */
  readonly repository: string;
  /** Branch, tag or commit. Default: main. */
  readonly revision: string;
  /** A folder of the repository, or one GGUF file. Default: its top. */
  readonly path: string;
  /** Access token, for private and gated repositories, or the name of a secret with it. */
  readonly token: string;
}

export interface PrepareModelRequest {
  readonly precision: 'PRECISION_UNSPECIFIED' | 'FP16' | 'FP8' | 'FP8_MM' | 'FP8_AR' | 'FP8_MM_KV_ATTN' | 'FP8_KV' | 'FP8_MM_V2' | 'FP8_V2' | 'FP8_MM_KV_ATTN_V2' | 'NF4' | 'FP4' | 'BF16' | 'FP4_BLOCKSCALED_MM' | 'FP4_MX_MOE';
  readonly readMask: string;
}

export interface ValidateModelConfigRequest {
  /** Content of config.json. */
  readonly configJson: string;
  /** Content of tokenizer_config.json. */
  readonly tokenizerConfigJson: string;
}

/** Models: `accounts/{account}/models/{model}`. */
export class Models {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List models. GET /v1/accounts/{account}/models */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Model> {
    const collection = { path: 'models', key: 'models' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a model. GET /v1/accounts/{account}/models/{model} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Model> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/models/{model}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a model. POST /v1/accounts/{account}/models */
  create(parameters: { model: Input<Model>; modelId?: string | undefined; cluster?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Model> {
    const { model, modelId, cluster, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'models',
      body: { model, modelId, cluster },
      options,
    });
  }

  /** Update a model. PATCH /v1/accounts/{account}/models/{model} */
  update(name: string, changes: Input<Model>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Model> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/models/{model}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a model. DELETE /v1/accounts/{account}/models/{model} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/models/{model}',
      name,
      options,
    });
  }

  /** Get URLs to upload the files of a model to. POST /v1/accounts/{account}/models/{model}:getUploadEndpoint */
  getUploadEndpoint(name: string, changes: Input<UploadModelRequest>, options?: CallOptions): Promise<ModelUploadUrls> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/models/{model}',
      name,
      suffix: ':getUploadEndpoint',
      body: changes,
      options,
    });
  }

  /** Check the uploaded files and make the model ready. GET /v1/accounts/{account}/models/{model}:validateUpload */
  validateUpload(name: string, query: { skipHfConfigValidation?: boolean | undefined; trustRemoteCode?: boolean | undefined; configOnly?: boolean | undefined; readMask?: string | undefined } = {}, options?: CallOptions): Promise<ValidateModelUploadResponse> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/models/{model}',
      name,
      suffix: ':validateUpload',
      query: query as Query,
      options,
    });
  }

  /** Get URLs to download the files of a model from. GET /v1/accounts/{account}/models/{model}:getDownloadEndpoint */
  getDownloadEndpoint(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<SignedUrls> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/models/{model}',
      name,
      suffix: ':getDownloadEndpoint',
      query: query as Query,
      options,
    });
  }

  /** Fill a model with files from a bucket, from Hugging Face or from another model. POST /v1/accounts/{account}/models/{model}:import */
  import(name: string, changes: Input<ImportModelRequest>, options?: CallOptions): Promise<Operation> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/models/{model}',
      name,
      suffix: ':import',
      body: changes,
      options,
    });
  }

  /** Quantize a model so that it can be deployed at a precision. POST /v1/accounts/{account}/models/{model}:prepare */
  prepare(name: string, changes: Input<PrepareModelRequest>, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/models/{model}',
      name,
      suffix: ':prepare',
      body: changes,
      options,
    });
  }

  /** Check whether a model with this config can be served. POST /v1/validateModelConfig */
  validateConfig(body: Input<ValidateModelConfigRequest>, parent = '', options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: '',
      name: parent,
      suffix: 'validateModelConfig:validateModelConfig',
      body,
      options,
    });
  }
}
