import { bool, displayName, fixed, message, out, reference, required, text, timestamp } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { DeployedModelState } from './enums.ts';
import { Status } from './shared-messages.ts';

/** A model, base or LoRA addon, loaded on a deployment. */
export const DeployedModel = message('DeployedModel', {
  name: out(text('accounts/{account}/deployedModels/{deployedModel}')),
  displayName: displayName(),
  description: text(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  model: required(fixed(reference('model'))),
  deployment: fixed(reference('deployment', 'Absent: a serverless deployment of the base model.')),
  default: bool('Requests that name only the model come here. The first one of a model is the default.'),
  state: out(DeployedModelState),
  status: out(Status),
  serverless: bool(),
  public: bool('Whether other accounts may query it.'),
});

export const deployedModels = defineResource({
  noun: 'deployedModel',
  collection: 'deployedModels',
  parent: 'accounts/{account}',
  schema: DeployedModel,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: null,
      query: message('CreateDeployedModelParameters', {
        replaceMergedAddon: bool('Put it in the place of the addon merged into the base model.'),
      }),
    }),
    update: on.update(),
    delete: on.delete(),
  }),
  legalStates: { update: ['DEPLOYING', 'DEPLOYED', 'UPDATING'] },
});
