// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface DeployedModel {
  /** accounts/{account}/deployedModels/{deployedModel} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly description: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  /** Name of a model. */
  readonly model: string;
  /** Absent: a serverless deployment of the base model. */
  readonly deployment: string;
  /** Requests that name only the model come here. The first one of a model is the default. */
  readonly default: boolean;
  readonly state: 'STATE_UNSPECIFIED' | 'UNDEPLOYING' | 'DEPLOYING' | 'DEPLOYED' | 'UPDATING';
  readonly status: Status | null;
  readonly serverless: boolean;
  /** Whether other accounts may query it. */
  readonly public: boolean;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

/** Deployed models: `accounts/{account}/deployedModels/{deployedModel}`. */
export class DeployedModels {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List deployed models. GET /v1/accounts/{account}/deployedModels */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<DeployedModel> {
    const collection = { path: 'deployedModels', key: 'deployedModels' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a deployed model. GET /v1/accounts/{account}/deployedModels/{deployedModel} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<DeployedModel> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/deployedModels/{deployedModel}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a deployed model. POST /v1/accounts/{account}/deployedModels */
  create(parameters: { deployedModel: Input<DeployedModel>; replaceMergedAddon?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<DeployedModel> {
    const { deployedModel, replaceMergedAddon, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'deployedModels',
      query: { replaceMergedAddon },
      body: deployedModel,
      options,
    });
  }

  /** Update a deployed model. PATCH /v1/accounts/{account}/deployedModels/{deployedModel} */
  update(name: string, changes: Input<DeployedModel>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<DeployedModel> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/deployedModels/{deployedModel}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a deployed model. DELETE /v1/accounts/{account}/deployedModels/{deployedModel} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/deployedModels/{deployedModel}',
      name,
      options,
    });
  }
}
