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
  /** Why nothing that costs money is served (402), if it is so. */
  readonly suspendState: 'UNSUSPENDED' | 'FAILED_PAYMENTS' | 'CREDIT_DEPLETED' | 'MONTHLY_SPEND_LIMIT_EXCEEDED' | 'BLOCKED_BY_ABUSE_RULE';
  /** Spending tier; it rises by itself with payments. Set by operators. */
  readonly tier: 'TIER_UNSPECIFIED' | 'TIER_1' | 'TIER_2' | 'TIER_3' | 'TIER_4' | 'UNLIMITED';
  /** NONE: only credit can be spent. MANUAL: an operator records payments. HOUSE: never billed. Set by operators. */
  readonly paymentMethod: 'PAYMENT_METHOD_UNSPECIFIED' | 'NONE' | 'MANUAL' | 'HOUSE';
  /** Whether an answer has the stop string that ended it. Unspecified: as the server is set (included). */
  readonly stopText: 'STOP_TEXT_UNSPECIFIED' | 'INCLUDED' | 'EXCLUDED';
  /** Store prompts and answers for 30 days, for GET /inference/v1/requests/{id}/text. Default: nothing is stored. */
  readonly logRequests: boolean;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface HostList {
  readonly hosts: readonly Host[];
}

export interface Host {
  /** Id of the server that runs replicas there. */
  readonly node: string;
  readonly hostName: string;
  /** Such as linux-x64. */
  readonly platform: string;
  readonly processor: string;
  /** Processors that may be used at once. */
  readonly coreCount: number;
  /** Which ones, such as 0-7. */
  readonly cpuSet: string;
  /** Parts of the machine with memory of their own, with their processors. */
  readonly memoryNodes: readonly string[];
  /** Of the machine, or of the control group that confines the server to less. */
  readonly memoryBytes: string;
  /** Limit of that control group; 0: none. */
  readonly memoryLimitBytes: string;
  /** What the operator gives replicas (SPARKLER_ENGINE_MEMORY_MB); 0: what is free. */
  readonly replicaMemoryBytes: string;
  /** Neither in use nor needed. */
  readonly availableBytes: string;
  /** Promised to the replicas below. */
  readonly promisedBytes: string;
  readonly accelerators: readonly HostAccelerator[];
  readonly replicas: readonly HostReplica[];
  /** When it was last looked at. */
  readonly seenTime: string | null;
}

export interface HostAccelerator {
  readonly kind: 'KIND_UNSPECIFIED' | 'CUDA' | 'METAL';
  /** As its driver calls it. */
  readonly name: string;
  /** Of its own; 0: it shares the main memory. */
  readonly memoryBytes: string;
  readonly freeBytes: string;
  /** Version of the driver. */
  readonly driver: string;
}

export interface HostReplica {
  readonly replica: string;
  readonly deployment: string;
  /** starting, ready or draining. */
  readonly state: string;
  /** What it was promised of the main memory. */
  readonly memoryBytes: string;
  /** How that came about. */
  readonly memoryArithmetic: string;
}

export interface GatewayList {
  readonly gateways: readonly GatewayStanding[];
}

export interface GatewayStanding {
  /** Id of its data folder. */
  readonly gateway: string;
  readonly hostName: string;
  /** SILENT: it did not speak for a while. GONE: its requests are being settled. SETTLED: nothing of it is left. */
  readonly state: 'STATE_UNSPECIFIED' | 'SERVING' | 'SILENT' | 'GONE' | 'SETTLED';
  /** Lent to it, and neither spent nor given back. */
  readonly heldUsd: string;
  /** Settled from what engines knew of them, since it is gone. */
  readonly settledRequests: string;
  /** What it held beyond, given back when it was settled. */
  readonly releasedUsd: string;
  /** When it last spoke. */
  readonly seenTime: string | null;
  /** Since when it is taken for gone. */
  readonly goneTime: string | null;
}

export interface SettleGatewayRequest {
  /** Its id, as listGateways has it. */
  readonly gateway: string;
}

export interface AccountBalance {
  /** Credit that is left. It is used before anything is owed. */
  readonly creditUsd: string;
  /** What is owed: open invoices, and what was used since. */
  readonly outstandingUsd: string;
  /** The month that limit and use are of, such as 2026-11 (UTC). */
  readonly period: string;
  /** Used this month. */
  readonly usedUsd: string;
  /** What may be used in a month; empty: no limit. */
  readonly limitUsd: string;
  /** Payments and prepaid credit so far: what qualifies for tiers. */
  readonly paidUsd: string;
  readonly tier: 'TIER_UNSPECIFIED' | 'TIER_1' | 'TIER_2' | 'TIER_3' | 'TIER_4' | 'UNLIMITED';
  /** What is still to be paid to qualify for the next tier; empty: there is none. */
  readonly nextTierUsd: string;
}

export interface GrantCreditRequest {
  readonly amountUsd: string;
  /** Why; shown to the account. */
  readonly description: string;
  /** Told again with the same id, it is granted once. Default: chosen by the server. */
  readonly requestId: string;
}

export interface RecordPaymentRequest {
  readonly amountUsd: string;
  /** FAILED: the money did not come, and the invoice failed. */
  readonly state: 'SUCCEEDED' | 'FAILED';
  /** The invoice whose payment failed. */
  readonly invoice: string;
  /** Such as the reference of a bank. */
  readonly description: string;
  /** Told again with the same id, it is recorded once. Default: chosen by the server. */
  readonly requestId: string;
}

export interface UsageReport {
  readonly rows: readonly UsageRow[];
  readonly totalUsd: string;
}

export interface UsageRow {
  /** 2026-11-22 (UTC). */
  readonly day: string;
  /** inference, gpu, reserved-gpu or training. */
  readonly kind: string;
  /** Type of accelerator, for seconds of them. */
  readonly item: string;
  readonly model: string;
  /** Or the fine-tuning job. */
  readonly deployment: string;
  readonly apiKeyId: string;
  readonly user: string;
  readonly requestCount: string;
  readonly promptTokens: string;
  /** Of the prompt tokens, those that cost less. */
  readonly cachedPromptTokens: string;
  readonly completionTokens: string;
  readonly trainingTokens: string;
  /** Accelerators times seconds. */
  readonly gpuSeconds: string;
  readonly costUsd: string;
}

export interface TextFile {
  readonly filename: string;
  readonly contentType: string;
  /** The whole file. */
  readonly content: string;
}

export interface CostPreview {
  readonly amountUsd: string;
  /** How it is computed. */
  readonly explanation: string;
}

/** Exactly one of model, acceleratorType and baseModel. */
export interface PreviewCostRequest {
  /** Serverless requests on this model: tokens as below. */
  readonly model: string;
  readonly promptTokens: string;
  /** Of the prompt tokens. */
  readonly cachedPromptTokens: string;
  readonly completionTokens: string;
  /** A deployment of this type of accelerator, such as NVIDIA_H100_80GB. */
  readonly acceleratorType: string;
  /** Of one replica. Default: 1. */
  readonly acceleratorCount: string;
  /** Default: 1. */
  readonly replicaCount: string;
  /** How long it serves. Default: one hour. */
  readonly durationSeconds: string;
  /** Fine-tuning of this model on trainingTokens. */
  readonly baseModel: string;
  /** Tokens of the dataset, times the epochs. */
  readonly trainingTokens: string;
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

  /** Create an account. POST /v1/accounts */
  create(parameters: { account: Input<Account>; accountId?: string | undefined; creditUsd?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Account> {
    const { account, accountId, creditUsd, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: '',
      name: parent,
      suffix: 'accounts',
      query: { accountId, creditUsd },
      body: account,
      options,
    });
  }

  /** Suspend an account for abuse, until it is unblocked. POST /v1/accounts/{account}:block */
  block(name: string, options?: CallOptions): Promise<Account> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name,
      suffix: ':block',
      options,
    });
  }

  /** Lift the suspension of a blocked account. POST /v1/accounts/{account}:unblock */
  unblock(name: string, options?: CallOptions): Promise<Account> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name,
      suffix: ':unblock',
      options,
    });
  }

  /** Machines that replicas run on: processors, memory, accelerators, and who was promised what. GET /v1/accounts/{account}:listHosts */
  listHosts(name: string, options?: CallOptions): Promise<HostList> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}',
      name,
      suffix: ':listHosts',
      options,
    });
  }

  /** Servers that take inference requests: whether they are there, and what they hold of budgets. GET /v1/accounts/{account}:listGateways */
  listGateways(name: string, options?: CallOptions): Promise<GatewayList> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}',
      name,
      suffix: ':listGateways',
      options,
    });
  }

  /** Say that a gateway never comes back: its requests are settled, and what it held is given back. POST /v1/accounts/{account}:settleGateway */
  settleGateway(name: string, changes: Input<SettleGatewayRequest>, options?: CallOptions): Promise<GatewayStanding> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name,
      suffix: ':settleGateway',
      body: changes,
      options,
    });
  }

  /** Give an account credit. POST /v1/accounts/{account}:grantCredit */
  grantCredit(name: string, changes: Input<GrantCreditRequest>, options?: CallOptions): Promise<AccountBalance> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name,
      suffix: ':grantCredit',
      body: changes,
      options,
    });
  }

  /** Record money that came in: for open invoices first, then as prepaid credit. POST /v1/accounts/{account}:recordPayment */
  recordPayment(name: string, changes: Input<RecordPaymentRequest>, options?: CallOptions): Promise<AccountBalance> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name,
      suffix: ':recordPayment',
      body: changes,
      options,
    });
  }

  /** Credit, what is owed, and the use of the month. GET /v1/accounts/{account}:getBalance */
  getBalance(name: string, options?: CallOptions): Promise<AccountBalance> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}',
      name,
      suffix: ':getBalance',
      options,
    });
  }

  /** What was used, grouped. GET /v1/accounts/{account}:listUsage */
  listUsage(name: string, query: { startTime?: string | undefined; endTime?: string | undefined; groupBy?: string | undefined } = {}, options?: CallOptions): Promise<UsageReport> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}',
      name,
      suffix: ':listUsage',
      query: query as Query,
      options,
    });
  }

  /** What was used, as a file. GET /v1/accounts/{account}:exportUsage */
  exportUsage(name: string, query: { startTime?: string | undefined; endTime?: string | undefined; groupBy?: string | undefined; format?: 'CSV' | 'JSON' | undefined } = {}, options?: CallOptions): Promise<TextFile> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}',
      name,
      suffix: ':exportUsage',
      query: query as Query,
      options,
    });
  }

  /** What requests, a deployment or fine-tuning would cost. POST /v1/accounts/{account}:previewCost */
  previewCost(name: string, changes: Input<PreviewCostRequest>, options?: CallOptions): Promise<CostPreview> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name,
      suffix: ':previewCost',
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
