import {
  bool,
  displayName,
  fixed,
  int32,
  list,
  map,
  message,
  out,
  required,
  text,
  timestamp,
  word,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { BatchDeleteRequest, Status } from './shared-messages.ts';

const EksNodePool = message('EksNodePool', {
  nodeRole: text(),
  instanceType: required(text()),
  spot: bool(),
  nodeGroupName: text('Default: the id of the node pool.'),
  subnetIds: list(text()),
  zone: text(),
  placementGroup: text(),
  launchTemplate: text(),
});

const NodePoolStats = message('NodePoolStats', {
  nodeCount: int32(),
  ranksPerNode: int32(),
  environmentCount: int32(),
  environmentRanks: int32(),
  batchJobCount: map(int32(), 'By state.'),
  batchJobRanks: map(int32(), 'By state.'),
});

export const NodePool = message('NodePool', {
  name: out(text('accounts/{account}/nodePools/{nodePool}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  minNodeCount: int32('Default 0.'),
  maxNodeCount: int32('Default 1.'),
  overprovisionNodeCount: int32('At most minNodeCount, and at most maxNodeCount less minNodeCount.'),
  eksNodePool: fixed(EksNodePool),
  fakeNodePool: fixed(
    message('FakeNodePool', { machineType: text(), numNodes: int32(), serviceAccount: text() }),
  ),
  annotations: map(text()),
  state: out(word(['STATE_UNSPECIFIED', 'CREATING', 'READY', 'DELETING', 'FAILED'])),
  status: out(Status),
  nodePoolStats: out(NodePoolStats),
});

export const nodePools = defineResource({
  noun: 'nodePool',
  collection: 'nodePools',
  parent: 'accounts/{account}',
  schema: NodePool,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'nodePoolId',
      access: 'admin',
      wrapped: message('CreateNodePoolRequest', {
        nodePool: required(NodePool),
        nodePoolId: required(text()),
      }),
    }),
    update: on.update({ access: 'admin' }),
    delete: on.delete({ access: 'admin' }),
    getStats: on.verb('getStats', {
      httpMethod: 'GET',
      operationId: 'getNodePoolStats',
      summary: 'Get what a node pool runs',
      query: message('NodePoolStatsParameters', { readMask: text() }),
      response: NodePoolStats,
    }),
    batchDelete: on.collectionVerb('batchDelete', {
      operationId: 'batchDeleteNodePools',
      access: 'admin',
      summary: 'Delete several node pools',
      body: BatchDeleteRequest,
    }),
  }),
  legalStates: { update: ['CREATING', 'READY', 'FAILED'] },
});
