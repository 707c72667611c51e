import { estimateReplicaMemory, type ReplicaMemory } from '../../capacity/host/estimate-memory.ts';
import type { HostRoom } from '../../capacity/host/host-room.ts';
import { type ModelShape, readModelShape } from '../../capacity/host/read-model-shape.ts';
import type { Inventory } from '../../capacity/inventory.ts';
import type { CatalogueEntry } from '../../catalogue/index.ts';
import type { Launcher, ObservedReplica } from '../../launch/launcher.ts';
import { findPrepared } from '../../model-work/prepared.ts';
import type { Database } from '../../store/database.ts';
import { readDesiredDeployment, readWeightsColumns } from '../../store/desired-deployments.ts';
import { findWeightsSource, type WeightsColumns } from '../find-weights-source.ts';
import type { Weights } from '../weights.ts';
import { type EngineOptions, type EngineWishes, resolveEngineOptions } from './engine-options.ts';
import type { DeploymentObservation, DesiredDeployment } from './observation.ts';
import { countMissing } from './plan.ts';

export interface ObserveParts {
  readonly db: Database;
  readonly launcher: Launcher;
  readonly weights: Weights;
  readonly catalogue: readonly CatalogueEntry[];
  /** How replicas are run, unless a deployment says otherwise. */
  readonly engine: EngineOptions;
  readonly now: () => number;
  /** Accelerators; left out: replicas run on this host without any. */
  readonly inventory?: Inventory;
  /** Memory of this host; left out: nobody counts it. */
  readonly hostRoom?: HostRoom;
}

/** What of a deployment's `details` decides what its replicas run. */
interface Details extends EngineWishes {
  readonly precision?: string;
  readonly draftModel?: string;
  readonly acceleratorType?: string;
  readonly acceleratorCount?: number;
  readonly maxWithRevocableReplicaCount?: number;
  readonly region?: string;
  /** As the handler wrote it: `regions` names all that are allowed. */
  readonly placement?: { readonly regions?: readonly string[] };
}

/** Looks at everything that decides what a deployment needs. Null when its row is gone. */
export async function observeDeployment(
  name: string,
  parts: ObserveParts,
): Promise<DeploymentObservation | null> {
  const row = await readDesiredDeployment(parts.db, name);
  if (!row) return null;
  const details = row.details as Details;
  const engine = resolveEngineOptions(parts.engine, row.engine_options, details);
  const preparedPrecision =
    findPrepared(row.weights, details.precision ?? '') === null ? null : details.precision!;
  const draftModel = details.draftModel && details.draftTokenCount !== 0 ? details.draftModel : null;
  const need = describeNeed(row.account, details);
  const deployment: DesiredDeployment = {
    name,
    generation: row.generation,
    deleted: row.delete_time !== null,
    isSuspended: row.suspend_state !== 'UNSUSPENDED',
    state: row.observed_state,
    baseModel: row.base_model,
    preparedPrecision,
    draftModel,
    minReplicaCount: row.min_replica_count,
    maxReplicaCount: row.max_replica_count,
    requestedReplicaCount: row.requested_replica_count,
    revocableReplicaCount: Math.max((details.maxWithRevocableReplicaCount ?? 0) - row.max_replica_count, 0),
    need,
    engine,
    specKey: JSON.stringify({
      model: row.base_model,
      ...(preparedPrecision === null ? {} : { preparedPrecision }),
      ...(draftModel === null ? {} : { draftModel }),
      ...(need === null ? {} : { need }),
      ...engine,
    }),
  };
  const replicas = await parts.launcher.observe(name);
  const weights = await observeWeights(row, deployment, parts);
  const room =
    parts.hostRoom === undefined
      ? await observeRoom(deployment, replicas, parts.inventory ?? null)
      : await observeHostRoom(deployment, replicas, weights, parts.hostRoom);
  return { nowMs: parts.now(), deployment, ...weights, replicas, ...room };
}

/**
 * Whether the missing replicas would fit into this host's memory, once their files say how much they need.
 */
async function observeHostRoom(
  deployment: DesiredDeployment,
  replicas: readonly ObservedReplica[],
  { weights, draftPath }: WeightsSeen,
  hostRoom: HostRoom,
): Promise<Pick<DeploymentObservation, 'room' | 'revocable' | 'memory'>> {
  hostRoom.note(replicas);
  const revocable = new Set<string>();
  const missing = countMissing(deployment, replicas, revocable).firm;
  const isKnown = weights.state === 'ready' || weights.state === 'not-needed';
  if (missing === 0 || !isKnown) return { revocable, room: null, memory: null };
  const paths = [
    ...(weights.state === 'ready' ? [weights.path] : []),
    ...(draftPath === null ? [] : [draftPath]),
  ];
  const memory = await estimateMemory(paths, deployment.engine);
  const room = { firm: hostRoom.preview(memory, missing), revocable: { fits: 0, reason: null } };
  return { revocable, room, memory };
}

async function estimateMemory(
  paths: readonly string[],
  { cells, batchTokens, sequences }: EngineOptions,
): Promise<ReplicaMemory> {
  // A file that does not say what it holds is for the engine to refuse, with its reasons.
  const shapes = await Promise.all(paths.map((path) => readModelShape(path)));
  const models = shapes.filter((shape): shape is ModelShape => shape !== null);
  return estimateReplicaMemory({ models, cells, batchTokens, sequences });
}

function describeNeed(account: string, details: Details): DesiredDeployment['need'] {
  const { acceleratorType = 'ACCELERATOR_TYPE_UNSPECIFIED', acceleratorCount, placement, region } = details;
  if (acceleratorType === 'ACCELERATOR_TYPE_UNSPECIFIED') return null;
  const regions = placement?.regions ?? (region ? [region] : []);
  return { account, regions, acceleratorType, acceleratorCount: acceleratorCount || 1 };
}

/** Gives back what dead replicas had, and asks whether the missing ones would fit. */
async function observeRoom(
  deployment: DesiredDeployment,
  replicas: readonly ObservedReplica[],
  inventory: Inventory | null,
): Promise<Pick<DeploymentObservation, 'room' | 'revocable' | 'overHours'>> {
  const { need } = deployment;
  if (inventory === null || need === null) return { room: null, revocable: new Set() };
  for (const { id, state } of replicas) if (state === 'exited') inventory.release(id);
  const ids = replicas.map(({ id }) => id);
  const revocable = new Set(ids.filter((id) => (inventory.placementOf(id)?.revocable ?? 0) > 0));
  const missing = countMissing(deployment, replicas, revocable);
  return {
    revocable,
    overHours: await inventory.findOverHours(need.account, ids),
    room: {
      firm: await inventory.preview({ ...need, isRevocable: false }, missing.firm),
      revocable: await inventory.preview({ ...need, isRevocable: true }, missing.revocable),
    },
  };
}

type WeightsSeen = Pick<DeploymentObservation, 'weights' | 'weightsOf' | 'draftPath'>;

/** The files of the base model, then those of the draft model: what is missing first decides. */
async function observeWeights(
  row: Omit<WeightsColumns, 'name'> & { readonly launcher: string },
  { baseModel, draftModel, preparedPrecision = null }: DesiredDeployment,
  parts: ObserveParts,
): Promise<WeightsSeen> {
  const seen = { weightsOf: baseModel, draftPath: null };
  if (row.launcher !== parts.launcher.kind) {
    const reason = `this server has no launcher '${row.launcher}', only '${parts.launcher.kind}'`;
    return { ...seen, weights: { state: 'unservable', reason } };
  }
  if (parts.engine.runner === 'scripted') return { ...seen, weights: { state: 'not-needed' } };
  const weights = findState({ ...row, name: baseModel }, preparedPrecision, parts);
  if (weights.state !== 'ready' || draftModel === null) return { ...seen, weights };
  const draftRow = await readWeightsColumns(parts.db, draftModel);
  if (draftRow === undefined) {
    const reason = `the draft model ${draftModel} is gone; choose another one`;
    return { ...seen, weights: { state: 'unservable', reason } };
  }
  const draft = findState(draftRow, null, parts);
  if (draft.state !== 'ready') return { weights: draft, weightsOf: draftModel, draftPath: null };
  return { weights, weightsOf: baseModel, draftPath: draft.path };
}

function findState(
  row: WeightsColumns,
  precision: string | null,
  { catalogue, weights }: ObserveParts,
): Exclude<DeploymentObservation['weights'], { state: 'not-needed' }> {
  const source = findWeightsSource(row, catalogue, precision);
  if (source === null) {
    const reason = `there is no source for the files of ${row.name}: they were not uploaded, nor are they in the catalogue`;
    return { state: 'unservable', reason };
  }
  return weights.state(row.name, 'blobPrefix' in source ? source.blobPrefix : null);
}
