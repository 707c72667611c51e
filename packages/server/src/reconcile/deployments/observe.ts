import type { CatalogueEntry } from '../../catalogue/index.ts';
import type { Launcher } from '../../launch/launcher.ts';
import type { Database } from '../../store/database.ts';
import type { Weights } from '../weights.ts';
import type { DeploymentObservation, DesiredDeployment } from './observation.ts';

/** How this server runs replicas, unless a deployment says otherwise. */
export interface EngineDefaults {
  readonly runner: 'llama-cpp' | 'scripted';
  readonly threads: number;
  readonly cells: number;
  readonly sequences: number;
  readonly batchTokens: number;
}

export interface ObserveParts {
  readonly db: Database;
  readonly launcher: Launcher;
  readonly weights: Weights;
  readonly catalogue: readonly CatalogueEntry[];
  readonly engine: EngineDefaults;
  readonly now: () => number;
}

/** Looks at everything that decides what a deployment needs. Null when its row is gone. */
export async function observeDeployment(
  name: string,
  parts: ObserveParts,
): Promise<DeploymentObservation | null> {
  const row = await parts.db
    .selectFrom('deployments')
    .innerJoin('models', 'models.name', 'deployments.base_model')
    .selectAll('deployments')
    .select('models.catalogue_id')
    .where('deployments.name', '=', name)
    .executeTakeFirst();
  if (!row) return null;
  const deployment: DesiredDeployment = {
    name,
    generation: row.generation,
    deleted: row.delete_time !== null,
    state: row.observed_state,
    baseModel: row.base_model,
    minReplicaCount: row.min_replica_count,
    maxReplicaCount: row.max_replica_count,
    requestedReplicaCount: row.requested_replica_count,
    specKey: JSON.stringify({ model: row.base_model, ...parts.engine }),
  };
  return {
    nowMs: parts.now(),
    deployment,
    weights: observeWeights(row.base_model, row.catalogue_id, parts),
    replicas: await parts.launcher.observe(name),
  };
}

function observeWeights(
  model: string,
  catalogueId: string | null,
  { engine, catalogue, weights }: ObserveParts,
): DeploymentObservation['weights'] {
  if (engine.runner === 'scripted') return { state: 'not-needed' };
  if (catalogueId === null || !catalogue.some((entry) => entry.name === catalogueId)) {
    return { state: 'no-source', reason: `the catalogue has no source for the files of ${model}` };
  }
  return weights.state(model);
}
