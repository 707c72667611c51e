import { ApiError, invalidField } from '@sparkler/api';
import {
  type AcceleratorPool,
  defaultQuota,
  type Fleet,
  type FleetRegion,
  findPool,
} from '../../capacity/fleet.ts';
import { planMemory } from '../../capacity/plan-memory.ts';
import { periodOf } from '../../ledger/spend-leases.ts';
import { readAcceleratorUse } from '../../store/accelerator-quotas.ts';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import type { DeploymentResource } from '../../store/deployments.ts';
import { listGpuHoursSpent } from '../../store/gpu-hours.ts';
import type { StoredModel } from '../../store/models.ts';
import { readPoolQuotas } from '../../store/pool-quotas.ts';
import { type CountingReservation, readCountingReservations } from '../../store/reservations.ts';
import { checkHostMemory } from './check-host-memory.ts';
import { chooseRegions } from './choose-regions.ts';
import { refuseField } from './refuse-missing.ts';

export interface HardwareParts {
  readonly db: DatabaseOrTransaction;
  readonly fleet: Fleet | null;
  readonly account: string;
  readonly base: StoredModel;
  readonly now: () => number;
}

/**
 * Where a deployment may run and on how many accelerators (spec, "Regions", "Choosing hardware type"): what
 * was left out is filled in; what the fleet lacks, the model does not fit on or the quota does not allow is
 * refused, with the arithmetic. Throws ApiError.
 */
export async function checkHardware(
  parts: HardwareParts,
  wanted: DeploymentResource,
): Promise<DeploymentResource> {
  const { fleet, account, db } = parts;
  if (fleet === null) {
    refuseOnHost(wanted);
    await checkHostMemory(parts, wanted);
    return wanted;
  }
  const type = wanted.acceleratorType;
  if (!type || type === 'ACCELERATOR_TYPE_UNSPECIFIED')
    return checkHardware(parts, withDefaultType(fleet, wanted));
  const reservations = await readCountingReservations(db, new Date(parts.now()));
  const own = reservations.filter((entry) => entry.account === account && entry.acceleratorType === type);
  const regions = chooseRegions(fleet, wanted, type, own, await readAcceleratorUse(db, null));
  const pool = findPool(fleet, regions[0]!, type)!;
  const acceleratorCount = checkCount(pool, parts.base, wanted);
  const placed = { ...wanted, acceleratorCount };
  if (regions.length === 1) {
    checkLaunchStatus(fleet.regions.find(({ region }) => region === regions[0])!, own);
    await checkQuota(parts, placed, pool, regions[0]!, own);
    return { ...placed, region: regions[0]! as NonNullable<DeploymentResource['region']> };
  }
  return { ...placed, placement: { ...placed.placement, regions: regions as never } };
}

/** Without a fleet, replicas run on this host's processors. */
function refuseOnHost(wanted: DeploymentResource): void {
  const { acceleratorType, acceleratorCount, placement, maxWithRevocableReplicaCount } = wanted;
  if (acceleratorType && acceleratorType !== 'ACCELERATOR_TYPE_UNSPECIFIED') {
    throw refuseField(
      'acceleratorType',
      `this host has no ${acceleratorType}; leave it out to run on the processor`,
    );
  }
  if ((acceleratorCount ?? 0) > 0) {
    throw refuseField('acceleratorCount', 'this host has no accelerators; leave it out');
  }
  const isPlaced = Object.values(placement ?? {}).some(
    (value) => value.length > 0 && !String(value).endsWith('_UNSPECIFIED'),
  );
  if (isPlaced) throw refuseField('placement', 'this server is one host in no region; leave it out');
  if ((maxWithRevocableReplicaCount ?? 0) > 0) {
    throw refuseField('maxWithRevocableReplicaCount', 'this host has no revocable capacity; leave it out');
  }
}

/** NVIDIA A100 80 GB unless it says otherwise (spec); where there are none, what the first region has. */
function withDefaultType(fleet: Fleet, wanted: DeploymentResource): DeploymentResource {
  const types = fleet.regions.flatMap(({ accelerators }) => accelerators.map(({ type }) => type));
  const a100 = types.find((type) => type === 'NVIDIA_A100_80GB');
  return { ...wanted, acceleratorType: a100 ?? types[0]! };
}

/** As few as the model fits on, unless it says how many. */
function checkCount(pool: AcceleratorPool, { resource }: StoredModel, wanted: DeploymentResource): number {
  const plan = planMemory({
    parameterCount: Number(resource.baseModelDetails?.parameterCount ?? 0),
    precision: wanted.precision ?? 'FP16',
    longPrompt: wanted.autoTune?.longPrompt === true,
    memoryGb: pool.memoryGb,
  });
  const count = wanted.acceleratorCount || plan.count;
  if (count > pool.count) {
    throw refuseField(
      'acceleratorCount',
      `${count} wanted, but there are ${pool.count} ${pool.type} in the region`,
    );
  }
  if (count < plan.count && wanted.disableDeploymentSizeValidation !== true) {
    throw refuseField('acceleratorCount', `${resource.name} does not fit on ${count}: ${plan.arithmetic}`);
  }
  return count;
}

function checkLaunchStatus({ region, launchStatus }: FleetRegion, own: readonly CountingReservation[]): void {
  if (launchStatus !== 'ENTERPRISE_ONLY' || own.some((entry) => entry.region === region)) return;
  throw refuseField(
    'placement',
    `${region} is for enterprises: reserve capacity there first (see reservations)`,
  );
}

/** The replicas that always run must be within reservation and quota together. */
async function checkQuota(
  { db, account, fleet, now }: HardwareParts,
  { minReplicaCount = 0, acceleratorCount = 1 }: DeploymentResource,
  pool: AcceleratorPool,
  region: string,
  own: readonly CountingReservation[],
): Promise<void> {
  if (acceleratorCount < 0) throw invalidField('acceleratorCount', 'acceleratorCount must be at least 1');
  const set = (await readPoolQuotas(db, fleet!, account)).find(
    (entry) => entry.region === region && entry.type === pool.type,
  );
  const quota = set?.value ?? pool.quota ?? defaultQuota;
  const reserved = own
    .filter((entry) => entry.region === region)
    .reduce((sum, entry) => sum + entry.count, 0);
  const wanted = Math.max(minReplicaCount, 1) * acceleratorCount;
  if (wanted > reserved && (await listGpuHoursSpent(db, periodOf(now()))).has(account)) {
    throw new ApiError(
      'RESOURCE_EXHAUSTED',
      'the accelerator hours of this month are used up (quota gpu-hours-per-month): reserve capacity, or wait ' +
        'for the next month',
    );
  }
  if (wanted <= quota + reserved) return;
  const replicas = Math.max(minReplicaCount, 1);
  const sum = `${replicas} x ${acceleratorCount} ${pool.type} = ${wanted} > quota ${quota} + ${reserved} reserved`;
  throw new ApiError('RESOURCE_EXHAUSTED', `${region}: ${sum}; use fewer, or see firectl list quotas`);
}
