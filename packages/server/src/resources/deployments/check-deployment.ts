import { ApiError, invalidField, resolveReference } from '@sparkler/api';
import { models } from '@sparkler/api/resources';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import type { DeploymentResource } from '../../store/deployments.ts';
import { readModel, type StoredModel } from '../../store/models.ts';

/** Metrics that a load target can name (reconcile/autoscale/plan-autoscale.ts counts by them). */
const loadMetrics = ['default', 'concurrent_requests', 'requests_per_second', 'tokens_generated_per_second'];
/** Replicas that one host can be asked for; more would only fight for its cores. */
const replicasMax = 16;
const scaleToZeroSecondsMin = 300;
const descriptionMax = 1000;

/** A deployment as it is stored: names resolved, defaults in, rules of the docs kept. Throws ApiError. */
export async function checkDeployment(
  db: DatabaseOrTransaction,
  account: string,
  providerAccount: string,
  wanted: DeploymentResource,
): Promise<DeploymentResource> {
  const base = await findBase(db, account, providerAccount, wanted.baseModel ?? '');
  const minReplicaCount = wanted.minReplicaCount ?? 0;
  const maxReplicaCount = wanted.maxReplicaCount || Math.max(minReplicaCount, 1);
  if (minReplicaCount > maxReplicaCount) {
    throw invalidField(
      'minReplicaCount',
      `minReplicaCount ${minReplicaCount} is above maxReplicaCount ${maxReplicaCount}`,
    );
  }
  if (maxReplicaCount > replicasMax) {
    throw invalidField('maxReplicaCount', `maxReplicaCount is at most ${replicasMax} on one host`);
  }
  if ((wanted.description ?? '').length >= descriptionMax) {
    throw invalidField('description', `description must be shorter than ${descriptionMax} characters`);
  }
  checkWindows(wanted);
  checkLoadTargets(wanted);
  checkSpeculation(wanted);
  checkPrecision(wanted, base);
  refuseMissing(wanted);
  return { ...wanted, baseModel: base.resource.name, minReplicaCount, maxReplicaCount };
}

/** A base model that the account may deploy: its own, or a public one of the provider. */
async function findBase(
  db: DatabaseOrTransaction,
  account: string,
  providerAccount: string,
  reference: string,
): Promise<StoredModel> {
  for (const owner of [account, providerAccount]) {
    const name = resolveReference(models.pattern, reference, owner);
    const found = name === null ? null : await readModel(db, name);
    if (found === null || (found.account !== account && found.resource.public !== true)) continue;
    const { kind, state } = found.resource;
    if (kind === 'HF_PEFT_ADDON') {
      throw invalidField(
        'baseModel',
        `${name} is a LoRA addon: deploy its base model, then load it with load-lora`,
      );
    }
    if (state !== 'READY')
      throw new ApiError('FAILED_PRECONDITION', `${name} is ${state}: finish its upload first`);
    return found;
  }
  throw new ApiError('NOT_FOUND', `baseModel: no model '${reference}' that this account can deploy`);
}

function checkWindows({ autoscalingPolicy }: DeploymentResource): void {
  const seconds = (duration: string | undefined): number | null =>
    duration ? Number.parseFloat(duration) : null;
  const toZero = seconds(autoscalingPolicy?.scaleToZeroWindow);
  if (toZero !== null && toZero > 0 && toZero < scaleToZeroSecondsMin) {
    const message = 'scaleToZeroWindow must be at least 5m';
    throw invalidField('autoscalingPolicy.scaleToZeroWindow', message);
  }
}

function checkLoadTargets({ autoscalingPolicy }: DeploymentResource): void {
  for (const [metric, target] of Object.entries(autoscalingPolicy?.loadTargets ?? {})) {
    const field = `autoscalingPolicy.loadTargets.${metric}`;
    if (!loadMetrics.includes(metric)) {
      throw invalidField(field, `load target '${metric}' is not known: use ${loadMetrics.join(', ')}`);
    }
    if (!(target > 0) || (metric === 'default' && target > 1)) {
      throw invalidField(
        field,
        `load target ${metric} must be above 0${metric === 'default' ? ' and at most 1' : ''}`,
      );
    }
  }
}

/** Draft model and n-gram speculation exclude each other, and both need to know how many tokens to draft. */
function checkSpeculation({ draftModel, draftTokenCount, ngramSpeculationLength }: DeploymentResource): void {
  if (draftModel && ngramSpeculationLength) {
    throw invalidField('draftModel', 'draftModel and ngramSpeculationLength exclude each other');
  }
  if ((draftModel || ngramSpeculationLength) && !draftTokenCount) {
    throw invalidField(
      'draftTokenCount',
      'draftTokenCount is required with draftModel or ngramSpeculationLength',
    );
  }
  if (draftTokenCount && !draftModel && !ngramSpeculationLength) {
    throw invalidField('draftTokenCount', 'draftTokenCount needs draftModel or ngramSpeculationLength');
  }
}

/** A precision is one that the model has or was prepared for (spec, "Quantization"). */
function checkPrecision({ precision }: DeploymentResource, { resource }: StoredModel): void {
  if (precision === undefined || precision === 'PRECISION_UNSPECIFIED') return;
  const known = resource.precisions ?? [];
  if (known.includes(precision)) return;
  const has = known.length === 0 ? '' : ` (it has ${known.join(', ')})`;
  const message = `${resource.name} was not prepared for ${precision}${has}; run prepare-model first`;
  throw new ApiError('FAILED_PRECONDITION', message, [{ field: 'precision', description: message }]);
}

/** What this host lacks is refused by name: a deployment must never silently be another one. */
function refuseMissing(wanted: DeploymentResource): void {
  const refuse = (field: string, why: string): never => {
    throw new ApiError('FAILED_PRECONDITION', `${field}: ${why}`, [{ field, description: why }]);
  };
  if (wanted.acceleratorType && wanted.acceleratorType !== 'ACCELERATOR_TYPE_UNSPECIFIED') {
    refuse(
      'acceleratorType',
      `this host has no ${wanted.acceleratorType}; leave it out to run on the processor`,
    );
  }
  if ((wanted.acceleratorCount ?? 0) > 0)
    refuse('acceleratorCount', 'this host has no accelerators; leave it out');
  if (wanted.enableMtp) refuse('enableMtp', 'no model in the catalogue has multi-token-prediction layers');
  if (wanted.draftModel)
    refuse('draftModel', 'replicas load no second model yet; use ngramSpeculationLength');
  if (wanted.enableHotLoad) refuse('enableHotLoad', 'weights are read once, when a replica starts');
  const directRoute = wanted.directRouteType ?? 'DIRECT_ROUTE_TYPE_UNSPECIFIED';
  if (directRoute !== 'DIRECT_ROUTE_TYPE_UNSPECIFIED') {
    refuse(
      'directRouteType',
      'this server answers on one host name; query the deployment as model#deployment',
    );
  }
}
