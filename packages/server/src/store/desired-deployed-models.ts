import type { Database } from './database.ts';
import type { DeployedModelObservedState } from './schema.ts';

export async function listAllDeployedModels(db: Database): Promise<string[]> {
  const rows = await db.selectFrom('deployed_models').select('name').execute();
  return rows.map((row) => row.name);
}

export async function listDeployedModelsOf(db: Database, deployment: string): Promise<string[]> {
  const rows = await db
    .selectFrom('deployed_models')
    .select('name')
    .where('deployment', '=', deployment)
    .execute();
  return rows.map((row) => row.name);
}

/** What a deployed model wants, and how its deployment is; undefined when it is gone. */
export function readDesiredDeployedModel(db: Database, name: string) {
  return db
    .selectFrom('deployed_models')
    .innerJoin('deployments', 'deployments.name', 'deployed_models.deployment')
    .selectAll('deployed_models')
    .select([
      'deployments.base_model',
      'deployments.observed_state as deployment_state',
      'deployments.observed_reason as deployment_reason',
    ])
    .where('deployed_models.name', '=', name)
    .executeTakeFirst();
}

export type DesiredDeployedModel = NonNullable<Awaited<ReturnType<typeof readDesiredDeployedModel>>>;

/** Replicas of a deployment on this host that serve. */
export async function listReadySockets(
  db: Database,
  deployment: string,
): Promise<{ readonly id: string; readonly socketPath: string }[]> {
  const rows = await db
    .selectFrom('replicas')
    .select(['id', 'socket_path'])
    .where('deployment', '=', deployment)
    .where('state', '=', 'ready')
    .where('socket_path', 'is not', null)
    .execute();
  return rows.map(({ id, socket_path }) => ({ id, socketPath: socket_path! }));
}

/** Fenced by generation; silent when nothing changed, since every write wakes all gateways. */
export async function writeDeployedModelObserved(
  db: Database,
  row: DesiredDeployedModel,
  plan: { readonly state: DeployedModelObservedState; readonly reason: string | null },
): Promise<void> {
  const isSame =
    row.observed_generation === row.generation &&
    row.observed_state === plan.state &&
    row.observed_reason === plan.reason;
  if (isSame) return;
  await db
    .updateTable('deployed_models')
    .set({
      observed_generation: row.generation,
      observed_state: plan.state,
      observed_reason: plan.reason,
      observe_time: new Date(),
    })
    .where('name', '=', row.name)
    .where('generation', '=', row.generation)
    .execute();
}

export async function removeDeployedModel(db: Database, name: string): Promise<void> {
  await db.deleteFrom('deployed_models').where('name', '=', name).execute();
}
