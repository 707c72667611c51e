import { ApiError, invalidField } from '@sparkler/api';
import type { Fleet } from '../../capacity/fleet.ts';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import type { DeploymentResource } from '../../store/deployments.ts';
import type { StoredModel } from '../../store/models.ts';
import { checkDirectRoute } from './check-direct-route.ts';
import { checkHardware } from './check-hardware.ts';
import { checkSpeculation, withDefaultDraft } from './check-speculation.ts';
import { findDeployable } from './find-deployable.ts';
import { refuseMissing } from './refuse-missing.ts';

/** Metrics that a load target can name (reconcile/autoscale/plan-autoscale.ts counts by them). */
const loadMetrics = ['default', 'concurrent_requests', 'requests_per_second', 'tokens_generated_per_second'];
/** Replicas that one host can be asked for; more would only fight for its cores. */
const replicasMax = 16;
const scaleToZeroSecondsMin = 300;
const descriptionMax = 1000;
/** KV cells that a replica has at least and at most (settings of the engine). */
const contextMin = 256;
const contextMax = 16_777_216;

export interface CheckParts {
  readonly db: DatabaseOrTransaction;
  readonly account: string;
  readonly providerAccount: string;
  readonly fleet: Fleet | null;
  readonly now: () => number;
}

/**
 * A deployment as it is stored: names resolved, defaults in, rules of the docs kept. `isNew`: take the base
 * model's draft model too. Throws ApiError.
 */
export async function checkDeployment(
  { db, account, providerAccount, fleet, now }: CheckParts,
  wanted: DeploymentResource,
  isNew = false,
): Promise<DeploymentResource> {
  const accounts = { own: account, provider: providerAccount };
  const base = await findDeployable(db, accounts, wanted.baseModel ?? '', 'baseModel');
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
  checkPrecision(wanted, base);
  checkContext(wanted, base);
  refuseMissing(wanted);
  checkDirectRoute(wanted);
  checkRevocable(wanted, maxReplicaCount);
  const drafting = await checkSpeculation(db, accounts, isNew ? withDefaultDraft(wanted, base) : wanted);
  const checked = await checkHardware({ db, fleet, account, base, now }, drafting);
  return { ...checked, baseModel: base.resource.name, minReplicaCount, maxReplicaCount };
}

function checkRevocable({ maxWithRevocableReplicaCount: most = 0 }: DeploymentResource, firm: number): void {
  if (most === 0 || (most >= firm && most <= replicasMax)) return;
  throw invalidField(
    'maxWithRevocableReplicaCount',
    `maxWithRevocableReplicaCount must be from ${firm} (maxReplicaCount) to ${replicasMax}`,
  );
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

/** A precision is one that the model has or was prepared for (spec, "Quantization"). */
function checkPrecision({ precision }: DeploymentResource, { resource }: StoredModel): void {
  if (precision === undefined || precision === 'PRECISION_UNSPECIFIED') return;
  const known = resource.precisions ?? [];
  if (known.includes(precision)) return;
  const has = known.length === 0 ? '' : ` (it has ${known.join(', ')})`;
  const message = `${resource.name} was not prepared for ${precision}${has}; run prepare-model first`;
  throw new ApiError('FAILED_PRECONDITION', message, [{ field: 'precision', description: message }]);
}

/** A replica can't hold more of a text than its model can read. */
function checkContext({ maxContextLength = 0 }: DeploymentResource, { resource }: StoredModel): void {
  const most = resource.contextLength || contextMax;
  if (maxContextLength === 0) return;
  if (maxContextLength < contextMin || maxContextLength > most) {
    throw invalidField(
      'maxContextLength',
      `maxContextLength must be from ${contextMin} to ${most} for ${resource.name}`,
    );
  }
}
