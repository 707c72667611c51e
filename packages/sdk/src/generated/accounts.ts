// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Account {
  /** accounts/{account} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly accountType: 'ACCOUNT_TYPE_UNSPECIFIED' | 'DEVELOPER' | 'ENTERPRISE' | 'BUSINESS';
  /** Owner of the account. */
  readonly email: string;
  readonly state: 'STATE_UNSPECIFIED' | 'CREATING' | 'READY' | 'UPDATING' | 'DELETING';
  readonly status: Status | null;
  /** Why inference is refused with 402, if it is. */
  readonly suspendState: 'UNSUSPENDED' | 'FAILED_PAYMENTS' | 'CREDIT_DEPLETED' | 'MONTHLY_SPEND_LIMIT_EXCEEDED' | 'BLOCKED_BY_ABUSE_RULE';
  /** Whether an answer has the stop string that ended it. Unspecified: as the server is set (included). */
  readonly stopText: 'STOP_TEXT_UNSPECIFIED' | 'INCLUDED' | 'EXCLUDED';
  /** Store prompts and answers for 30 days, for GET /inference/v1/requests/{id}/text. Default: nothing is stored. */
  readonly logRequests: boolean;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
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

export interface TestEvaluationRequest {
  readonly evaluation: Evaluation | null;
  /** JSONL. */
  readonly sampleData: string;
}

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

/** Accounts: `accounts/{account}`. */
export class Accounts {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List accounts. GET /v1/accounts */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Account> {
    const collection = { path: 'accounts', key: 'accounts' };
    return this.#client.list('', collection, parameters as ListParameters & Query, options);
  }

  /** Get an account. GET /v1/accounts/{account} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Account> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Update an account. PATCH /v1/accounts/{account} */
  update(name: string, changes: Input<Account>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Account> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Run an evaluation that is not stored over sample data. POST /v1/accounts/{account}:testeval */
  testEvaluation(name: string, changes: Input<TestEvaluationRequest>, options?: CallOptions): Promise<PreviewEvaluationResponse> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name,
      suffix: ':testeval',
      body: changes,
      options,
    });
  }
}
