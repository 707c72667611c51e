// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Session {
  /** accounts/{account}/sessions/{session} */
  readonly name: string;
  /** accounts/{account}/users/{user} */
  readonly user: string;
  readonly createTime: string | null;
  /** To the minute. */
  readonly lastUseTime: string | null;
  /** When it ends at the latest; it ends earlier when it is not used. */
  readonly expireTime: string | null;
  /** How the user signed in, such as link. */
  readonly provider: string;
  /** Address that the user signed in from. */
  readonly fromAddress: string;
  /** Browser that the user signed in with. */
  readonly userAgent: string;
  /** Whether this request came with it. */
  readonly current: boolean;
}

/** Sessions: `accounts/{account}/sessions/{session}`. */
export class Sessions {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List sessions. GET /v1/accounts/{account}/sessions */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Session> {
    const collection = { path: 'sessions', key: 'sessions' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a session. GET /v1/accounts/{account}/sessions/{session} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Session> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/sessions/{session}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Delete a session. DELETE /v1/accounts/{account}/sessions/{session} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/sessions/{session}',
      name,
      options,
    });
  }
}
