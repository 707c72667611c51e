import { message, out, required, text, timestamp } from '../fields.ts';
import { defineResource } from '../resource.ts';

/** Bindings have no names of their own: what they bind identifies them, also on deletion. */

const principal = required(text('E-mail of the user.'));

export const NodePoolBinding = message('NodePoolBinding', {
  accountId: out(text()),
  clusterId: text(),
  nodePoolId: required(text()),
  createTime: out(timestamp()),
  principal,
});

/** Who may use a node pool. */
export const nodePoolBindings = defineResource({
  noun: 'nodePoolBinding',
  collection: 'nodePoolBindings',
  parent: 'accounts/{account}',
  schema: NodePoolBinding,
  methods: (on) => ({
    list: on.list(),
    create: on.create({ idKey: null, access: 'admin' }),
    delete: on.collectionVerb('delete', {
      access: 'admin',
      summary: 'Delete a node pool binding',
      body: NodePoolBinding,
    }),
  }),
});

export const AwsIamRoleBinding = message('AwsIamRoleBinding', {
  accountId: out(text()),
  createTime: out(timestamp()),
  principal,
  role: required(text('ARN of the role.')),
});

/** Who may take on an AWS role. */
export const awsIamRoleBindings = defineResource({
  noun: 'awsIamRoleBinding',
  collection: 'awsIamRoleBindings',
  parent: 'accounts/{account}',
  schema: AwsIamRoleBinding,
  methods: (on) => ({
    list: on.list(),
    create: on.create({ idKey: null, access: 'admin' }),
    delete: on.collectionVerb('delete', {
      access: 'admin',
      summary: 'Delete an AWS role binding',
      body: AwsIamRoleBinding,
    }),
  }),
});
