// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface ApiKey {
  /** What :delete takes. */
  readonly keyId: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  /** The key itself; in the reply to create only. */
  readonly key: string;
  /** First characters of the key. */
  readonly prefix: string;
  readonly createTime: string | null;
  /** Absent: never. */
  readonly expireTime: string | null;
  /** Whether only a hash of the key is stored. */
  readonly secure: boolean;
  /** E-mail of the user the key belongs to. */
  readonly email: string;
  /** To the minute. Absent: never used. */
  readonly lastUseTime: string | null;
  /** Only these models can be queried with the key. Empty: all. */
  readonly models: readonly string[];
  /** Only these deployments can be queried with the key. Empty: all. */
  readonly deployments: readonly string[];
  /** The key changes nothing, and can not run inference. */
  readonly readOnly: boolean;
}

export interface DeleteApiKeyRequest {
  readonly keyId: string;
}

export interface RotateApiKeyRequest {
  readonly keyId: string;
  /** How long the old key still works. Default: 86400s. */
  readonly overlap: string | null;
}

/** User api keys: `accounts/{account}/users/{user}/apiKeys/{apiKey}`. */
export class UserApiKeys {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List api keys. GET /v1/accounts/{account}/users/{user}/apiKeys */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<ApiKey> {
    const collection = { path: 'apiKeys', key: 'apiKeys' };
    return this.#client.list('accounts/{account}/users/{user}', collection, parameters as ListParameters & Query, options);
  }

  /** Create an api key. POST /v1/accounts/{account}/users/{user}/apiKeys */
  create(parameters: { apiKey: Input<ApiKey>; parent?: string | undefined }, options?: CallOptions): Promise<ApiKey> {
    const { apiKey, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/users/{user}',
      name: parent,
      suffix: 'apiKeys',
      body: { apiKey },
      options,
    });
  }

  /** Delete an API key. POST /v1/accounts/{account}/users/{user}/apiKeys:delete */
  delete(body: Input<DeleteApiKeyRequest>, parent = '', options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/users/{user}',
      name: parent,
      suffix: 'apiKeys:delete',
      body,
      options,
    });
  }

  /** Make a key like another, which expires after a while. POST /v1/accounts/{account}/users/{user}/apiKeys:rotate */
  rotate(body: Input<RotateApiKeyRequest>, parent = '', options?: CallOptions): Promise<ApiKey> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/users/{user}',
      name: parent,
      suffix: 'apiKeys:rotate',
      body,
      options,
    });
  }
}
