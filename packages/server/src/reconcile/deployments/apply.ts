import type { HostRoom } from '../../capacity/host/host-room.ts';
import type { Inventory } from '../../capacity/inventory.ts';
import type { CatalogueEntry } from '../../catalogue/index.ts';
import type { Launcher, ObservedReplica } from '../../launch/launcher.ts';
import type { Database } from '../../store/database.ts';
import { writeDeploymentObserved, writeReplicas } from '../../store/deployment-observed.ts';
import { readWeightsColumns } from '../../store/desired-deployments.ts';
import { findWeightsSource } from '../find-weights-source.ts';
import type { Weights } from '../weights.ts';
import type { DesiredDeployment } from './observation.ts';
import type { DeploymentPlan, DeploymentStep } from './plan.ts';

export interface ApplyParts {
  readonly db: Database;
  readonly launcher: Launcher;
  readonly weights: Weights;
  readonly catalogue: readonly CatalogueEntry[];
  readonly nodeId: string;
  readonly makeReplicaId: () => string;
  /** Accelerators; left out: replicas run on this host without any. */
  readonly inventory?: Inventory;
  /** Memory of this host; left out: nobody counts it. */
  readonly hostRoom?: HostRoom;
}

/**
 * Writes what was observed and carries the plan out. Fenced: when the deployment's generation has moved on
 * since it was observed, nothing is done and false is returned; the change has already asked for another run.
 */
export async function applyDeployment(
  deployment: DesiredDeployment,
  plan: DeploymentPlan,
  parts: ApplyParts,
): Promise<boolean> {
  const { db } = parts;
  // Before the state: whoever sees the deployment READY finds a replica.
  await publishReplicas(parts, deployment.name, new Set(), { removesGone: false });
  const isCurrent = await writeDeploymentObserved(db, deployment.name, deployment.generation, plan);
  if (!isCurrent) return false;
  // Gateways stop sending to a replica before it is told to end.
  const leaving = new Set(
    plan.steps.flatMap((step) => (step.kind === 'drain' || step.kind === 'stop' ? [step.replica] : [])),
  );
  if (leaving.size > 0) await publishReplicas(parts, deployment.name, leaving, { removesGone: true });
  for (const step of plan.steps) await applyStep(step, deployment, parts);
  await publishReplicas(parts, deployment.name, new Set(), { removesGone: true });
  return true;
}

async function publishReplicas(
  parts: ApplyParts,
  deployment: string,
  leaving: ReadonlySet<string>,
  options: { readonly removesGone: boolean },
): Promise<void> {
  const replicas = await parts.launcher.observe(deployment);
  const rows = routable(replicas, leaving, parts.inventory);
  await writeReplicas(parts.db, parts.nodeId, deployment, rows, options);
}

function routable(
  replicas: readonly ObservedReplica[],
  leaving: ReadonlySet<string>,
  inventory: Inventory | undefined,
) {
  return replicas
    .filter((replica) => replica.state !== 'exited')
    .map((replica) => {
      const isLeaving =
        leaving.has(replica.id) || replica.state === 'draining' || replica.state === 'stopping';
      const state = isLeaving
        ? ('draining' as const)
        : replica.state === 'ready'
          ? ('ready' as const)
          : ('starting' as const);
      return { ...replica, state, placement: inventory?.placementOf(replica.id) ?? null };
    });
}

async function applyStep(
  step: DeploymentStep,
  deployment: DesiredDeployment,
  parts: ApplyParts,
): Promise<void> {
  switch (step.kind) {
    case 'fetch-weights':
      return fetchWeights(step.model, deployment, parts);
    case 'launch':
      for (let index = 0; index < step.count; index += 1)
        await launchReplica(step, index >= step.count - step.revocable, deployment, parts);
      return;
    case 'drain':
      return parts.launcher.drain(step.replica);
    case 'stop':
      // Not awaited: the run would last as long as the replica takes to die. Its end asks for another run.
      void parts.launcher.stop(step.replica);
      return;
    case 'forget':
      return parts.launcher.forget(step.replica);
  }
}

async function fetchWeights(
  model: string,
  { baseModel, preparedPrecision = null }: DesiredDeployment,
  { db, catalogue, weights }: ApplyParts,
): Promise<void> {
  const row = await readWeightsColumns(db, model);
  const precision = model === baseModel ? preparedPrecision : null;
  const source = row === undefined ? null : findWeightsSource(row, catalogue, precision);
  if (source === null) throw new Error(`there is no source for the files of ${model}`);
  weights.fetch(model, source);
}

async function launchReplica(
  { modelPath, draftPath, memory }: Extract<DeploymentStep, { kind: 'launch' }>,
  isRevocable: boolean,
  deployment: DesiredDeployment,
  { inventory, hostRoom, launcher, makeReplicaId }: ApplyParts,
): Promise<void> {
  const id = makeReplicaId();
  const { need } = deployment;
  let launchDelayMs = 0;
  if (hostRoom !== undefined && memory !== undefined && !hostRoom.take(id, memory)) return;
  if (inventory !== undefined && need !== null) {
    const taken = await inventory.take(id, { ...need, isRevocable });
    // Somebody else was quicker; the next look tells what it waits for.
    if (taken === null) return;
    for (const replica of taken.revoked) void launcher.stop(replica);
    launchDelayMs = taken.placement.coldStartMs;
  }
  await launcher.launch({
    id,
    launchDelayMs,
    deployment: deployment.name,
    generation: deployment.generation,
    specKey: deployment.specKey,
    servedName: deployment.baseModel,
    modelPath,
    draftModelPath: draftPath,
    ...deployment.engine,
  });
}
