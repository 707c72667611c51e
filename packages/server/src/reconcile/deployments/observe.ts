import { sql } from 'kysely';
import type { CatalogueEntry } from '../../catalogue/index.ts';
import type { Launcher } from '../../launch/launcher.ts';
import { findPrepared } from '../../model-work/prepared.ts';
import type { Database } from '../../store/database.ts';
import { findWeightsSource, type WeightsColumns } from '../find-weights-source.ts';
import type { Weights } from '../weights.ts';
import { type EngineOptions, resolveEngineOptions } from './engine-options.ts';
import type { DeploymentObservation, DesiredDeployment } from './observation.ts';

export interface ObserveParts {
  readonly db: Database;
  readonly launcher: Launcher;
  readonly weights: Weights;
  readonly catalogue: readonly CatalogueEntry[];
  /** How replicas are run, unless a deployment says otherwise. */
  readonly engine: EngineOptions;
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
    .select(['models.catalogue_id', 'models.blob_prefix', 'models.weights'])
    .select(sql<string | null>`deployments.details ->> 'precision'`.as('precision'))
    .where('deployments.name', '=', name)
    .executeTakeFirst();
  if (!row) return null;
  const engine = resolveEngineOptions(parts.engine, row.engine_options);
  const isPrepared = findPrepared(row.weights, row.precision ?? '') !== null;
  const preparedPrecision = isPrepared ? row.precision : null;
  const deployment: DesiredDeployment = {
    name,
    generation: row.generation,
    deleted: row.delete_time !== null,
    state: row.observed_state,
    baseModel: row.base_model,
    preparedPrecision,
    minReplicaCount: row.min_replica_count,
    maxReplicaCount: row.max_replica_count,
    requestedReplicaCount: row.requested_replica_count,
    engine,
    specKey: JSON.stringify({
      model: row.base_model,
      ...(isPrepared ? { preparedPrecision } : {}),
      ...engine,
    }),
  };
  return {
    nowMs: parts.now(),
    deployment,
    weights: observeWeights(row, preparedPrecision, parts),
    replicas: await parts.launcher.observe(name),
  };
}

function observeWeights(
  row: Omit<WeightsColumns, 'name'> & { readonly base_model: string; readonly launcher: string },
  preparedPrecision: string | null,
  { engine, catalogue, weights, launcher }: ObserveParts,
): DeploymentObservation['weights'] {
  if (row.launcher !== launcher.kind) {
    return {
      state: 'unservable',
      reason: `this server has no launcher '${row.launcher}', only '${launcher.kind}'`,
    };
  }
  if (engine.runner === 'scripted') return { state: 'not-needed' };
  const source = findWeightsSource({ ...row, name: row.base_model }, catalogue, preparedPrecision);
  if (source === null) {
    const reason = `there is no source for the files of ${row.base_model}: they were not uploaded, nor are they in the catalogue`;
    return { state: 'unservable', reason };
  }
  return weights.state(row.base_model, 'blobPrefix' in source ? source.blobPrefix : null);
}
