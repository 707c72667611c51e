// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface User {
  /** accounts/{account}/users/{user} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly role: 'user' | 'admin' | 'contributor' | 'inference-user';
  /** Required unless the user is a service account. */
  readonly email: string;
  readonly state: 'STATE_UNSPECIFIED' | 'CREATING' | 'READY' | 'UPDATING' | 'DELETING';
  readonly status: Status | null;
  /** Not a person: has API keys and no e-mail. */
  readonly serviceAccount: boolean;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface SignInLink {
  /** To be opened in a browser, once. Not shown again. */
  readonly url: string;
  /** Who it signs in: accounts/{account}/users/{user} */
  readonly user: string;
  readonly expireTime: string | null;
}

/** Users: `accounts/{account}/users/{user}`. */
export class Users {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List users. GET /v1/accounts/{account}/users */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<User> {
    const collection = { path: 'users', key: 'users' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a user. GET /v1/accounts/{account}/users/{user} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<User> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/users/{user}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a user. POST /v1/accounts/{account}/users */
  create(parameters: { user: Input<User>; userId?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<User> {
    const { user, userId, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'users',
      query: { userId },
      body: user,
      options,
    });
  }

  /** Update a user. PATCH /v1/accounts/{account}/users/{user} */
  update(name: string, changes: Input<User>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<User> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/users/{user}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a user. DELETE /v1/accounts/{account}/users/{user} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/users/{user}',
      name,
      options,
    });
  }

  /** Make a one-time link that signs a user in. POST /v1/accounts/{account}/users/{user}:createSignInLink */
  createSignInLink(name: string, options?: CallOptions): Promise<SignInLink> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/users/{user}',
      name,
      suffix: ':createSignInLink',
      options,
    });
  }
}
