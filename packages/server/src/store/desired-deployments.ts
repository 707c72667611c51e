import { sql } from 'kysely';
import type { Database } from './database.ts';

/** Names of all deployments that may have something running. */
export async function listUnfinishedDeployments(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('deployments')
    .select('name')
    .where('observed_state', '<>', 'deleted')
    .execute();
  return rows.map((row) => row.name);
}

/** Deployments that serve a model or draft with it. */
export async function listDeploymentsUsing(db: Database, model: string): Promise<string[]> {
  const rows = await db
    .selectFrom('deployments')
    .select('name')
    .where((eb) => eb.or([eb('base_model', '=', model), sql<boolean>`details ->> 'draftModel' = ${model}`]))
    .execute();
  return rows.map((row) => row.name);
}

/** What a deployment wants, and where the files of its model are; undefined when it is gone. */
export function readDesiredDeployment(db: Database, name: string) {
  return db
    .selectFrom('deployments')
    .innerJoin('models', 'models.name', 'deployments.base_model')
    .innerJoin('accounts', 'accounts.id', 'deployments.account')
    .selectAll('deployments')
    .select(['models.catalogue_id', 'models.blob_prefix', 'models.weights', 'accounts.suspend_state'])
    .where('deployments.name', '=', name)
    .executeTakeFirst();
}

/** What says where the files of a model are; undefined when it is gone. */
export function readWeightsColumns(db: Database, model: string) {
  return db
    .selectFrom('models')
    .select(['name', 'catalogue_id', 'blob_prefix', 'weights'])
    .where('name', '=', model)
    .executeTakeFirst();
}
