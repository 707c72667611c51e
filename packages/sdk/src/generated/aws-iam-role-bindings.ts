// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface AwsIamRoleBinding {
  readonly accountId: string;
  readonly createTime: string | null;
  /** E-mail of the user. */
  readonly principal: string;
  /** ARN of the role. */
  readonly role: string;
}

/** Aws iam role bindings: `accounts/{account}/awsIamRoleBindings/{awsIamRoleBinding}`. */
export class AwsIamRoleBindings {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List aws iam role bindings. GET /v1/accounts/{account}/awsIamRoleBindings */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<AwsIamRoleBinding> {
    const collection = { path: 'awsIamRoleBindings', key: 'awsIamRoleBindings' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Create an aws iam role binding. POST /v1/accounts/{account}/awsIamRoleBindings */
  create(parameters: { awsIamRoleBinding: Input<AwsIamRoleBinding>; parent?: string | undefined }, options?: CallOptions): Promise<AwsIamRoleBinding> {
    const { awsIamRoleBinding, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'awsIamRoleBindings',
      body: awsIamRoleBinding,
      options,
    });
  }

  /** Delete an AWS role binding. POST /v1/accounts/{account}/awsIamRoleBindings:delete */
  delete(body: Input<AwsIamRoleBinding>, parent = '', options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'awsIamRoleBindings:delete',
      body,
      options,
    });
  }
}
