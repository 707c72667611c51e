// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Quota {
  /** accounts/{account}/quotas/{quota} */
  readonly name: string;
  /** What is enforced; may be below maxValue. */
  readonly value: string;
  /** What value may be raised to; set by an operator. */
  readonly maxValue: string;
  readonly usage: number;
  readonly updateTime: string | null;
  /** What is limited, and what happens beyond. */
  readonly explanation: string;
}

/** Quotas: `accounts/{account}/quotas/{quota}`. */
export class Quotas {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List quotas. GET /v1/accounts/{account}/quotas */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Quota> {
    const collection = { path: 'quotas', key: 'quotas' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a quota. GET /v1/accounts/{account}/quotas/{quota} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Quota> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/quotas/{quota}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Update a quota. PATCH /v1/accounts/{account}/quotas/{quota} */
  update(name: string, changes: Input<Quota>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Quota> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/quotas/{quota}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }
}
