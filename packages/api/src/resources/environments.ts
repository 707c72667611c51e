import {
  bool,
  displayName,
  fixed,
  int32,
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

const EnvironmentConnection = message('EnvironmentConnection', {
  nodePoolId: required(text()),
  numRanks: int32('Default 1.'),
  role: text(),
  zone: out(text()),
  useLocalStorage: bool(),
});

/** A development machine that can be connected to a node pool. */
export const Environment = message('Environment', {
  name: out(text('accounts/{account}/environments/{environment}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  state: out(
    word([
      'STATE_UNSPECIFIED',
      'CREATING',
      'DISCONNECTED',
      'CONNECTING',
      'CONNECTED',
      'DISCONNECTING',
      'RECONNECTING',
      'DELETING',
    ]),
  ),
  status: out(Status),
  connection: out(EnvironmentConnection),
  baseImageRef: fixed(text()),
  imageRef: out(text('Image of baseImageRef at creation.')),
  snapshotImageRef: out(text()),
  shared: bool(),
  annotations: map(text()),
});

export const environments = defineResource({
  noun: 'environment',
  collection: 'environments',
  parent: 'accounts/{account}',
  schema: Environment,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'environmentId',
      wrapped: message('CreateEnvironmentRequest', {
        environment: required(Environment),
        environmentId: required(text()),
      }),
    }),
    update: on.update(),
    delete: on.delete(),
    connect: on.verb('connect', {
      summary: 'Connect an environment to a node pool',
      body: message('ConnectEnvironmentRequest', {
        connection: required(EnvironmentConnection),
        vscodeVersion: text(),
      }),
    }),
    disconnect: on.verb('disconnect', {
      summary: 'Disconnect an environment, saving a snapshot',
      body: message('DisconnectEnvironmentRequest', {
        force: bool('Even if the snapshot fails.'),
        resetSnapshots: bool('Begin again from the base image.'),
      }),
    }),
    batchDelete: on.collectionVerb('batchDelete', {
      operationId: 'batchDeleteEnvironments',
      summary: 'Delete several environments',
      body: BatchDeleteRequest,
    }),
  }),
  legalStates: { connect: ['DISCONNECTED'], disconnect: ['CONNECTING', 'CONNECTED', 'RECONNECTING'] },
});
