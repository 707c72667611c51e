import { displayName, fixed, message, out, required, text, timestamp, word } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { Status } from './shared-messages.ts';

const EksCluster = message('EksCluster', {
  awsAccountId: required(
    text('12 digits.', { pattern: '^[0-9]{12}$', 'x-rule': 'must be the 12 digits of an AWS account' }),
  ),
  fireworksManagerRole: text('Default: arn:aws:iam::<awsAccountId>:role/FireworksManagerRole.'),
  region: required(text()),
  clusterName: text(),
  storageBucketName: text(),
  metricWriterRole: text(),
  loadBalancerControllerRole: text(),
  workloadIdentityPoolProviderId: text(),
  inferenceRole: text(),
});

export const Cluster = message('Cluster', {
  name: out(text('accounts/{account}/clusters/{cluster}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  eksCluster: fixed(EksCluster),
  fakeCluster: fixed(message('FakeCluster', { projectId: text(), location: text(), clusterName: text() })),
  state: out(word(['STATE_UNSPECIFIED', 'CREATING', 'READY', 'DELETING', 'FAILED'])),
  status: out(Status),
});

export const clusters = defineResource({
  noun: 'cluster',
  collection: 'clusters',
  parent: 'accounts/{account}',
  schema: Cluster,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'clusterId',
      access: 'admin',
      wrapped: message('CreateClusterRequest', { cluster: required(Cluster), clusterId: required(text()) }),
    }),
    update: on.update({ access: 'admin' }),
    delete: on.delete({ access: 'admin' }),
    getConnectionInfo: on.verb('getConnectionInfo', {
      httpMethod: 'GET',
      operationId: 'getClusterConnectionInfo',
      summary: 'Get what a Kubernetes client needs to connect',
      query: message('ClusterConnectionParameters', { readMask: text() }),
      response: message('ClusterConnectionInfo', { endpoint: text(), caData: text() }),
    }),
  }),
  legalStates: { update: ['CREATING', 'READY', 'FAILED'], getConnectionInfo: ['READY'] },
});
