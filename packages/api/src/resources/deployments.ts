import {
  bool,
  displayName,
  duration,
  fixed,
  float,
  int32,
  list,
  map,
  message,
  out,
  reference,
  required,
  secret,
  text,
  timestamp,
  word,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { AcceleratorType, DirectRouteType, Precision, Region } from './enums.ts';
import { Status } from './shared-messages.ts';

export const AutoscalingPolicy = message('AutoscalingPolicy', {
  scaleUpWindow: duration('How long load must be high. Default 30s.'),
  scaleDownWindow: duration('How long load must be low. Default 600s.'),
  scaleToZeroWindow: duration(
    'Idle time before the last replica stops, if minReplicaCount is 0. At least 300s; default 3600s.',
  ),
  loadTargets: map(
    float(),
    'Load a replica should have, by metric: default (0 to 1), tokens_generated_per_second, …',
  ),
});

export const Placement = message('Placement', {
  multiRegion: word(['MULTI_REGION_UNSPECIFIED', 'GLOBAL', 'US', 'EUROPE', 'APAC']),
  region: Region,
  regions: list(Region),
});

export const ReplicaStats = message('ReplicaStats', {
  pendingSchedulingReplicaCount: int32(),
  downloadingModelReplicaCount: int32(),
  initializingReplicaCount: int32(),
  readyReplicaCount: int32(),
});

export const Deployment = message('Deployment', {
  name: out(text('accounts/{account}/deployments/{deployment}')),
  displayName: displayName(),
  description: text(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  expireTime: timestamp('When it is deleted by itself. Absent: never.'),
  deleteTime: out(timestamp()),
  purgeTime: out(timestamp('Until then it can be undeleted.')),
  createdBy: out(text()),
  state: out(word(['STATE_UNSPECIFIED', 'CREATING', 'READY', 'DELETING', 'FAILED', 'UPDATING', 'DELETED'])),
  status: out(Status),
  annotations: map(text()),
  minReplicaCount: int32('Default 0: may sleep.'),
  maxReplicaCount: int32('Default: minReplicaCount or 1, whichever is larger.'),
  maxWithRevocableReplicaCount: int32(),
  desiredReplicaCount: out(int32('What autoscaling wants.')),
  replicaCount: out(int32()),
  replicaStats: out(ReplicaStats),
  autoscalingPolicy: AutoscalingPolicy,
  baseModel: required(fixed(reference('model'))),
  acceleratorCount: int32('Per replica. Default: as few as the model fits on.'),
  acceleratorType: AcceleratorType,
  precision: Precision,
  cluster: out(text()),
  enableAddons: bool('Whether LoRA addons can be loaded.'),
  draftModel: reference('model'),
  draftTokenCount: int32('Tokens a draft has; required with draftModel or ngramSpeculationLength.'),
  ngramSpeculationLength: int32('Draft from the text itself; excludes draftModel.'),
  numPeftDeviceCached: out(int32()),
  deploymentTemplate: text(),
  deploymentShape: text('accounts/{account}/deploymentShapes/{shape}, with or without /versions/{version}.'),
  autoTune: message('AutoTune', { longPrompt: bool('Optimize for prompts above 3000 tokens.') }),
  region: out(Region),
  placement: fixed(Placement),
  isNim: bool(),
  activeModelVersion: text(),
  targetModelVersion: text(),
  directRouteType: fixed(DirectRouteType),
  directRouteApiKeys: secret(list(text())),
  directRouteHandle: out(text('Host to call, bypassing the gateway.')),
  disableDeploymentSizeValidation: bool(),
  enableHotReloadLatestAddon: bool(),
  enableMtp: bool(),
  enableSessionAffinity: bool('Send requests of one user to one replica.'),
  enableHotLoad: bool(),
  hotLoadBucketType: word(['BUCKET_TYPE_UNSPECIFIED', 'MINIO', 'S3', 'NEBIUS', 'FW_HOSTED']),
  hotLoadBucketUrl: text(),
  maxContextLength: int32(),
  pricingPlanId: text(),
});

const skipShapeValidation = bool('Allow what the deployment shape does not.');

const CreateDeploymentParameters = message('CreateDeploymentParameters', {
  deploymentId: text('Default: chosen by the server.'),
  disableAutoDeploy: bool('Do not deploy the base model on it.'),
  disableSpeculativeDecoding: bool("Ignore the model's default draft model."),
  skipShapeValidation,
  skipImageTagValidation: bool(),
  validateOnly: bool('Check the request and create nothing.'),
});

export const deployments = defineResource({
  noun: 'deployment',
  collection: 'deployments',
  parent: 'accounts/{account}',
  schema: Deployment,
  methods: (on) => ({
    list: on.list({
      query: message('ListDeploymentsParameters', {
        showDeleted: bool('Deleted ones that can be undeleted, too.'),
      }),
    }),
    get: on.get(),
    create: on.create({ idKey: 'deploymentId', query: CreateDeploymentParameters }),
    update: on.update({ query: message('UpdateDeploymentParameters', { skipShapeValidation }) }),
    delete: on.delete({
      query: message('DeleteDeploymentParameters', {
        hard: bool('Purge at once; no undelete.'),
        ignoreChecks: bool('Delete although it is in use.'),
      }),
    }),
    scale: on.verb('scale', {
      httpMethod: 'PATCH',
      summary: 'Set the number of replicas until autoscaling changes it',
      body: message('ScaleDeploymentRequest', { replicaCount: int32() }),
    }),
    undelete: on.verb('undelete', {
      summary: 'Bring back a deleted or failed deployment',
      response: Deployment,
    }),
    metrics: on.verb('metrics', {
      httpMethod: 'GET',
      operationId: 'getDeploymentMetrics',
      summary: 'Get recent metrics of a deployment',
      query: message('DeploymentMetricsParameters', { timeRange: text('Such as 10m.'), readMask: text() }),
      response: message('DeploymentMetrics', { metrics: map(float()) }),
    }),
  }),
  legalStates: {
    update: ['CREATING', 'READY', 'UPDATING', 'FAILED'],
    delete: ['CREATING', 'READY', 'UPDATING', 'FAILED', 'DELETED'],
    scale: ['CREATING', 'READY', 'UPDATING'],
    undelete: ['DELETED', 'FAILED'],
  },
});
