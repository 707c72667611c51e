// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Evaluation {
  /** accounts/{account}/evaluations/{evaluation} */
  readonly name: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  readonly status: Status | null;
  readonly evaluationType: string;
  readonly description: string;
  readonly providers: readonly Provider[];
  readonly assertions: readonly Assertion[];
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface Provider {
  readonly id: string;
  readonly config: Readonly<Record<string, string>>;
  readonly label: string;
}

export interface Assertion {
  readonly assertionType: 'ASSERTION_TYPE_UNSPECIFIED' | 'ASSERTION_TYPE_LLM' | 'ASSERTION_TYPE_CODE';
  readonly llmAssertion: LlmAssertion | null;
  readonly codeAssertion: CodeAssertion | null;
  readonly metricName: string;
}

export interface LlmAssertion {
  readonly llmEvaluatorPrompt: string;
  readonly providers: readonly Provider[];
  readonly prompts: readonly string[];
  readonly evaluateOptions: EvaluateOptions | null;
}

export interface EvaluateOptions {
  /** Default 4. */
  readonly maxConcurrency: number;
  /** Default 1. */
  readonly repeat: number;
  /** Milliseconds. */
  readonly delay: number;
}

export interface CodeAssertion {
  readonly language: string;
  readonly code: string;
  readonly expectedOutput: string;
  readonly options: CodeExecutionOptions | null;
}

export interface CodeExecutionOptions {
  readonly timeoutMs: number;
  readonly memoryLimitMb: number;
  readonly envVars: Readonly<Record<string, string>>;
}

export interface PreviewEvaluationResponse {
  readonly results: readonly PreviewEvaluationResult[];
  readonly totalSamples: number;
  readonly totalRuntimeMs: string;
}

export interface PreviewEvaluationResult {
  readonly success: boolean;
  readonly reason: string;
  readonly score: number;
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  readonly metrics: Readonly<Record<string, number>>;
}

export interface PreviewEvaluationRequest {
  /** JSONL. */
  readonly sampleData: string;
  readonly maxSamples: number;
}

export interface ValidateAssertionsResponse {
  readonly status: string;
  readonly metricToErrors: Readonly<Record<string, AssertionErrors>>;
}

export interface AssertionErrors {
  readonly errorMessages: readonly string[];
}

export interface ValidateAssertionsRequest {
  readonly assertions: readonly Assertion[];
}

/** Evaluations: `accounts/{account}/evaluations/{evaluation}`. */
export class Evaluations {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List evaluations. GET /v1/accounts/{account}/evaluations */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Evaluation> {
    const collection = { path: 'evaluations', key: 'evaluations' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get an evaluation. GET /v1/accounts/{account}/evaluations/{evaluation} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Evaluation> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/evaluations/{evaluation}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create an evaluation. POST /v1/accounts/{account}/evaluations */
  create(parameters: { evaluation: Input<Evaluation>; evaluationId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Evaluation> {
    const { evaluation, evaluationId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'evaluations',
      body: { evaluation, evaluationId },
      options,
    });
  }

  /** Delete an evaluation. DELETE /v1/accounts/{account}/evaluations/{evaluation} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/evaluations/{evaluation}',
      name,
      options,
    });
  }

  /** Run an evaluation over sample data. POST /v1/accounts/{account}/evaluations/{evaluation}:preview */
  preview(name: string, changes: Input<PreviewEvaluationRequest>, options?: CallOptions): Promise<PreviewEvaluationResponse> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/evaluations/{evaluation}',
      name,
      suffix: ':preview',
      body: changes,
      options,
    });
  }

  /** Check assertions without running them. POST /v1/accounts/{account}/evaluations:validateAssertions */
  validateAssertions(body: Input<ValidateAssertionsRequest>, parent = '', options?: CallOptions): Promise<ValidateAssertionsResponse> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'evaluations:validateAssertions',
      body,
      options,
    });
  }
}
