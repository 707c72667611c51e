import { bool, int32, int64, message, out, reference, text, timestamp, word } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { AcceleratorType, Precision } from './enums.ts';

/** A tested combination of settings for deployments. Made by the server's administrator. */
export const DeploymentShape = message('DeploymentShape', {
  name: out(text('accounts/{account}/deploymentShapes/{deploymentShape}')),
  displayName: text(),
  description: text(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  baseModel: reference('model'),
  modelType: text(),
  parameterCount: int64(),
  acceleratorCount: int32(),
  acceleratorType: AcceleratorType,
  precision: Precision,
  disableDeploymentSizeValidation: bool(),
  enableAddons: bool(),
  enableSessionAffinity: bool(),
  draftModel: reference('model'),
  draftTokenCount: int32(),
  ngramSpeculationLength: int32(),
  maxContextLength: int32(),
  numLoraDeviceCached: int32(),
  presetType: word([
    'PRESET_TYPE_UNSPECIFIED',
    'MINIMAL',
    'FAST',
    'THROUGHPUT',
    'FULL_PRECISION',
    'AGENTIC_CODING',
    'CHAT',
    'SUMMARIZATION',
  ]),
});

export const deploymentShapes = defineResource({
  noun: 'deploymentShape',
  collection: 'deploymentShapes',
  parent: 'accounts/{account}',
  schema: DeploymentShape,
  methods: (on) => ({ list: on.list({ access: 'public' }), get: on.get({ access: 'public' }) }),
});
