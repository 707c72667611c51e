import type { Database } from '../store/database.ts';

export interface DefaultDeployment {
  /** accounts/A/deployments/D */
  readonly deployment: string;
  readonly deployedModel: string;
}

/**
 * Deploys a provider model for everyone, unless it is deployed or was (an operator who deleted it meant
 * that). Writes desired state only; the reconciler does the rest.
 */
export async function makeDefaultDeployment(
  db: Database,
  providerAccount: string,
  model: string,
): Promise<DefaultDeployment> {
  const id = model.slice(model.lastIndexOf('/') + 1);
  const deployment = `accounts/${providerAccount}/deployments/${id}`;
  const deployedModel = `accounts/${providerAccount}/deployedModels/${id}`;
  await db.transaction().execute(async (transaction) => {
    const made = await transaction
      .insertInto('deployments')
      .values({
        name: deployment,
        account: providerAccount,
        display_name: id,
        base_model: model,
        min_replica_count: 1,
        max_replica_count: 1,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst();
    if (!made) return;
    await transaction
      .insertInto('deployed_models')
      .values({
        name: deployedModel,
        account: providerAccount,
        display_name: id,
        model,
        deployment,
        is_default: true,
        is_public: true,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
  return { deployment, deployedModel };
}
