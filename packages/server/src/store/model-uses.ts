import type { DeployedModelRef } from '@sparkler/api/resources';
import type { Static } from 'typebox';
import type { DatabaseOrTransaction } from './database.ts';
import type { DeployedModelObservedState } from './schema.ts';

const publicStates = {
  deploying: 'DEPLOYING',
  deployed: 'DEPLOYED',
  undeploying: 'UNDEPLOYING',
  // It does not serve; why is in the status of the deployed model itself.
  failed: 'UNDEPLOYING',
} as const satisfies Record<DeployedModelObservedState, string>;

/** Where a model is loaded, as far as an account may know: its own deployed models and the public ones. */
export async function readDeployedModelRefs(
  db: DatabaseOrTransaction,
  model: string,
  account: string,
): Promise<Static<typeof DeployedModelRef>[]> {
  const rows = await db
    .selectFrom('deployed_models')
    .select(['name', 'deployment', 'observed_state', 'is_default', 'is_public', 'delete_time'])
    .where('model', '=', model)
    .where((eb) => eb.or([eb('account', '=', account), eb('is_public', '=', true)]))
    .orderBy('create_time')
    .orderBy('name')
    .limit(200)
    .execute();
  return rows.map((row) => ({
    name: row.name,
    deployment: row.deployment,
    state: row.delete_time === null ? publicStates[row.observed_state] : 'UNDEPLOYING',
    default: row.is_default,
    public: row.is_public,
  }));
}

/** A deployment or deployed model that uses a model, or null. Deployments count until they are purged. */
export async function findModelUse(db: DatabaseOrTransaction, model: string): Promise<string | null> {
  const deployed = await db
    .selectFrom('deployed_models')
    .select('name')
    .where('model', '=', model)
    .executeTakeFirst();
  if (deployed) return deployed.name;
  const deployment = await db
    .selectFrom('deployments')
    .select('name')
    .where('base_model', '=', model)
    .executeTakeFirst();
  return deployment?.name ?? null;
}
