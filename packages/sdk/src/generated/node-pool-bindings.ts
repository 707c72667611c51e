// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface NodePoolBinding {
  readonly accountId: string;
  readonly clusterId: string;
  readonly nodePoolId: string;
  readonly createTime: string | null;
  /** E-mail of the user. */
  readonly principal: string;
}

/** Node pool bindings: `accounts/{account}/nodePoolBindings/{nodePoolBinding}`. */
export class NodePoolBindings {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List node pool bindings. GET /v1/accounts/{account}/nodePoolBindings */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<NodePoolBinding> {
    const collection = { path: 'nodePoolBindings', key: 'nodePoolBindings' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Create a node pool binding. POST /v1/accounts/{account}/nodePoolBindings */
  create(parameters: { nodePoolBinding: Input<NodePoolBinding>; parent?: string | undefined }, options?: CallOptions): Promise<NodePoolBinding> {
    const { nodePoolBinding, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'nodePoolBindings',
      body: nodePoolBinding,
      options,
    });
  }

  /** Delete a node pool binding. POST /v1/accounts/{account}/nodePoolBindings:delete */
  delete(body: Input<NodePoolBinding>, parent = '', options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'nodePoolBindings:delete',
      body,
      options,
    });
  }
}
