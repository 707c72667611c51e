// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Evaluator {
  /** accounts/{account}/evaluators/{evaluator} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly description: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  readonly state: 'STATE_UNSPECIFIED' | 'ACTIVE' | 'BUILDING' | 'BUILD_FAILED';
  readonly status: Status | null;
  readonly criteria: readonly Criterion[];
  readonly multiMetrics: boolean;
  readonly rollupSettings: RollupSettings | null;
  /** Python packages, one a line. */
  readonly requirements: string;
  readonly entryPoint: string;
  readonly commitHash: string;
  readonly source: EvaluatorSource | null;
  /** Name of a dataset. */
  readonly defaultDataset: string;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface Criterion {
  readonly type: 'TYPE_UNSPECIFIED' | 'CODE_SNIPPETS';
  readonly name: string;
  readonly description: string;
  readonly codeSnippets: CodeSnippets | null;
}

export interface CodeSnippets {
  readonly language: string;
  /** File name to source; the entry is main.py. */
  readonly fileContents: Readonly<Record<string, string>>;
}

export interface RollupSettings {
  readonly criteriaWeights: Readonly<Record<string, number>>;
  readonly pythonCode: string;
  readonly successThreshold: number;
}

export interface EvaluatorSource {
  readonly type: 'TYPE_UNSPECIFIED' | 'TYPE_UPLOAD' | 'TYPE_GITHUB' | 'TYPE_TEMPORARY';
  readonly githubRepositoryName: string;
}

export interface PreviewEvaluatorResponse {
  readonly results: readonly PreviewEvaluatorSampleResult[];
  readonly totalSamples: number;
  readonly totalRuntimeMs: string;
}

export interface PreviewEvaluatorSampleResult {
  readonly success: boolean;
  readonly score: number;
  readonly perMetricEvals: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface PreviewEvaluatorRequest {
  readonly evaluator: Evaluator | null;
  /** JSON objects, as text. */
  readonly sampleData: readonly string[];
  /** Default 10. */
  readonly maxSamples: number;
}

export interface SignedUrls {
  readonly filenameToSignedUrls: Readonly<Record<string, string>>;
}

export interface UploadRequest {
  readonly filenameToSize: Readonly<Record<string, string>>;
}

export interface EvaluatorBuildLog {
  readonly buildLogSignedUri: string;
}

/** Evaluators: `accounts/{account}/evaluators/{evaluator}`. */
export class Evaluators {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List evaluators. GET /v1/accounts/{account}/evaluators */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Evaluator> {
    const collection = { path: 'evaluators', key: 'evaluators' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get an evaluator. GET /v1/accounts/{account}/evaluators/{evaluator} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Evaluator> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/evaluators/{evaluator}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create an evaluator. POST /v1/accounts/{account}/evaluators */
  create(parameters: { evaluator: Input<Evaluator>; evaluatorId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Evaluator> {
    const { evaluator, evaluatorId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'evaluators',
      body: { evaluator, evaluatorId },
      options,
    });
  }

  /** Create an evaluator. POST /v1/accounts/{account}/evaluatorsV2 */
  createV2(parameters: { evaluator: Input<Evaluator>; evaluatorId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Evaluator> {
    const { evaluator, evaluatorId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'evaluatorsV2',
      body: { evaluator, evaluatorId },
      options,
    });
  }

  /** Update an evaluator. PATCH /v1/accounts/{account}/evaluators/{evaluator} */
  update(name: string, changes: Input<Evaluator>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Evaluator> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/evaluators/{evaluator}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete an evaluator. DELETE /v1/accounts/{account}/evaluators/{evaluator} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/evaluators/{evaluator}',
      name,
      options,
    });
  }

  /** Run an evaluator that is not stored over sample data. POST /v1/accounts/{account}/evaluators:previewEvaluator */
  preview(body: Input<PreviewEvaluatorRequest>, parent = '', options?: CallOptions): Promise<PreviewEvaluatorResponse> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'evaluators:previewEvaluator',
      body,
      options,
    });
  }

  /** Get URLs to upload the code of an evaluator to. POST /v1/accounts/{account}/evaluators/{evaluator}:getUploadEndpoint */
  getUploadEndpoint(name: string, changes: Input<UploadRequest>, options?: CallOptions): Promise<SignedUrls> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/evaluators/{evaluator}',
      name,
      suffix: ':getUploadEndpoint',
      body: changes,
      options,
    });
  }

  /** Check the uploaded code and build the evaluator. POST /v1/accounts/{account}/evaluators/{evaluator}:validateUpload */
  validateUpload(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/evaluators/{evaluator}',
      name,
      suffix: ':validateUpload',
      options,
    });
  }

  /** Get a URL to read the build log from. GET /v1/accounts/{account}/evaluators/{evaluator}:getBuildLogEndpoint */
  getBuildLogEndpoint(name: string, options?: CallOptions): Promise<EvaluatorBuildLog> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/evaluators/{evaluator}',
      name,
      suffix: ':getBuildLogEndpoint',
      options,
    });
  }

  /** Get URLs to download the code of an evaluator from. GET /v1/accounts/{account}/evaluators/{evaluator}:getSourceCodeSignedUrl */
  getSourceCodeSignedUrl(name: string, options?: CallOptions): Promise<SignedUrls> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/evaluators/{evaluator}',
      name,
      suffix: ':getSourceCodeSignedUrl',
      options,
    });
  }
}
