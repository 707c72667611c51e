// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Invoice {
  /** accounts/{account}/invoices/{invoice} */
  readonly name: string;
  /** 2026-11 (UTC). */
  readonly period: string;
  readonly state: 'STATE_UNSPECIFIED' | 'OPEN' | 'PAID' | 'FAILED';
  /** What was used. */
  readonly subtotalUsd: string;
  /** Of it, what credit and payments had covered already. */
  readonly creditUsd: string;
  /** What is to be paid, in whole cents. */
  readonly dueUsd: string;
  readonly paidUsd: string;
  readonly createTime: string | null;
  /** After this the payment counts as failed. */
  readonly dueTime: string | null;
  readonly paidTime: string | null;
  /** By day, kind, model, deployment and key; in the reply to get only. */
  readonly lines: readonly UsageRow[];
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

/** Invoices: `accounts/{account}/invoices/{invoice}`. */
export class Invoices {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List invoices. GET /v1/accounts/{account}/invoices */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Invoice> {
    const collection = { path: 'invoices', key: 'invoices' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get an invoice. GET /v1/accounts/{account}/invoices/{invoice} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Invoice> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/invoices/{invoice}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Get an invoice as a page to print. GET /v1/accounts/{account}/invoices/{invoice}:download */
  download(name: string, options?: CallOptions): Promise<TextFile> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/invoices/{invoice}',
      name,
      suffix: ':download',
      options,
    });
  }
}
