import type { Database } from '../../store/database.ts';
import type { Reconciler } from '../reconciler.ts';
import { planDeployedModel } from './plan.ts';

/** Keeps the observed columns of deployed models true to their deployments. */
export function createDeployedModelsReconciler(db: Database): Reconciler {
  return {
    kind: 'deployed-model',
    async listNames() {
      const rows = await db.selectFrom('deployed_models').select('name').execute();
      return rows.map((row) => row.name);
    },
    async reconcile(name) {
      const row = await observeDeployedModel(db, name);
      if (!row) return { generation: 0, outcome: 'settled', details: [], reason: null, lookAgainMs: null };
      const plan = planDeployedModel({
        deleted: row.delete_time !== null,
        adapter: row.adapter,
        isBaseModel: row.model === row.base_model,
        state: row.observed_state,
        deploymentState: row.deployment_state,
        deploymentReason: row.deployment_reason,
      });
      if (plan.remove) await db.deleteFrom('deployed_models').where('name', '=', name).execute();
      else await writeObserved(db, row, plan);
      return {
        generation: row.generation,
        outcome: plan.state === 'deploying' ? 'progressing' : 'settled',
        details: plan.remove ? ['remove it'] : [],
        reason: plan.reason,
        lookAgainMs: null,
      };
    },
  };
}

function observeDeployedModel(db: Database, name: string) {
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

type ObservedRow = NonNullable<Awaited<ReturnType<typeof observeDeployedModel>>>;

/** Fenced by generation; silent when nothing changed, since every write wakes all gateways. */
async function writeObserved(
  db: Database,
  row: ObservedRow,
  plan: { state: ObservedRow['observed_state']; reason: string | null },
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
