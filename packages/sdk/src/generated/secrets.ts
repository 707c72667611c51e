// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Secret {
  /** accounts/{account}/secrets/{secret}; on create an id is enough. */
  readonly name: string;
  /** Name of the environment variable, such as WOLFRAM_ALPHA_API_KEY. */
  readonly keyName: string;
  /** Required on create. Never returned. */
  readonly value: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
}

/** Secrets: `accounts/{account}/secrets/{secret}`. */
export class Secrets {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List secrets. GET /v1/accounts/{account}/secrets */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Secret> {
    const collection = { path: 'secrets', key: 'secrets' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a secret. GET /v1/accounts/{account}/secrets/{secret} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Secret> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/secrets/{secret}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a secret. POST /v1/accounts/{account}/secrets */
  create(parameters: { secret: Input<Secret>; parent?: string | undefined }, options?: CallOptions): Promise<Secret> {
    const { secret, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'secrets',
      body: secret,
      options,
    });
  }

  /** Update a secret. PATCH /v1/accounts/{account}/secrets/{secret} */
  update(name: string, changes: Input<Secret>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Secret> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/secrets/{secret}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a secret. DELETE /v1/accounts/{account}/secrets/{secret} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/secrets/{secret}',
      name,
      options,
    });
  }
}
