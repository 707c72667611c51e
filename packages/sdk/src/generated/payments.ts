// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Payment {
  /** accounts/{account}/payments/{payment} */
  readonly name: string;
  readonly kind: 'KIND_UNSPECIFIED' | 'PAYMENT' | 'GRANT';
  readonly state: 'STATE_UNSPECIFIED' | 'SUCCEEDED' | 'FAILED';
  readonly amountUsd: string;
  /** Of it, what went to open invoices; the rest is credit. */
  readonly invoicedUsd: string;
  /** Who took the money: manual. */
  readonly provider: string;
  readonly description: string;
  readonly createTime: string | null;
}

/** Payments: `accounts/{account}/payments/{payment}`. */
export class Payments {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List payments. GET /v1/accounts/{account}/payments */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Payment> {
    const collection = { path: 'payments', key: 'payments' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a payment. GET /v1/accounts/{account}/payments/{payment} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Payment> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/payments/{payment}',
      name,
      query: query as Query,
      options,
    });
  }
}
