import {
  AdapterRefusedError,
  listReplicaAdapters,
  loadReplicaAdapter,
  unloadReplicaAdapter,
} from '../../launch/replica-adapters.ts';
import type { Database } from '../../store/database.ts';
import { writeReplicaAdapter } from '../../store/deployment-observed.ts';
import type { ReconcileOutcome } from '../../store/reconcile-results.ts';
import type { Reconciler } from '../reconciler.ts';
import { type DeployedModelPlan, planDeployedModel } from './plan.ts';

/**
 * Where the files of an addon are on this machine: a PEFT folder or a GGUF file. Rejects with the reason when
 * nowhere.
 */
export type FindAdapter = (model: string) => Promise<string>;

const lookAgainMs = 1_000;
/** A refused addon is tried again now and then: its deployment may have been given another base. */
const retryRefusedMs = 60_000;

/** Keeps deployed models true to their deployments, and addons loaded on every replica. */
export function createDeployedModelsReconciler(db: Database, findAdapter: FindAdapter): Reconciler {
  const problems = new Map<string, { readonly message: string; readonly timeMs: number }>();

  async function load(row: ObservedRow, replicas: readonly Replica[], ids: readonly string[]): Promise<void> {
    problems.delete(row.name);
    try {
      const path = await findAdapter(row.model);
      for (const id of ids) {
        await loadReplicaAdapter(socketOf(replicas, id), row.adapter!, path);
        await writeReplicaAdapter(db, id, row.adapter!, true);
      }
    } catch (error) {
      if (!(error instanceof AdapterRefusedError)) throw error;
      problems.set(row.name, { message: error.message, timeMs: Date.now() });
    }
  }

  function problemOf(name: string): string | null {
    const problem = problems.get(name);
    return problem !== undefined && Date.now() - problem.timeMs < retryRefusedMs ? problem.message : null;
  }

  return {
    kind: 'deployed-model',
    async listNames() {
      const rows = await db.selectFrom('deployed_models').select('name').execute();
      return rows.map((row) => row.name);
    },
    async reconcile(name) {
      const row = await observeDeployedModel(db, name);
      if (!row) return { generation: 0, outcome: 'settled', details: [], reason: null, lookAgainMs: null };
      const replicas = row.adapter === null ? [] : await observeReplicas(db, row.deployment, row.adapter);
      const plan = planDeployedModel({
        deleted: row.delete_time !== null,
        adapter: row.adapter,
        isBaseModel: row.model === row.base_model,
        state: row.observed_state,
        deploymentState: row.deployment_state,
        deploymentReason: row.deployment_reason,
        replicas,
        adapterProblem: problemOf(name),
      });
      for (const { id, hasAdapter } of replicas) {
        // Gateways stop sending before it is unloaded.
        await writeReplicaAdapter(db, id, row.adapter!, hasAdapter && !plan.unload.includes(id));
      }
      if (plan.load.length > 0) await load(row, replicas, plan.load);
      for (const id of plan.unload) await unloadReplicaAdapter(socketOf(replicas, id), row.adapter!);
      if (plan.remove) await db.deleteFrom('deployed_models').where('name', '=', name).execute();
      else await writeObserved(db, row, plan);
      return toOutcome(row.generation, plan);
    },
  };
}

function toOutcome(generation: number, plan: DeployedModelPlan): ReconcileOutcome {
  const isBusy = plan.load.length > 0 || plan.unload.length > 0;
  return {
    generation,
    outcome: isBusy || plan.state === 'deploying' ? 'progressing' : 'settled',
    details: [
      ...plan.load.map((id) => `load it on replica ${id}`),
      ...plan.unload.map((id) => `unload it from replica ${id}`),
      ...(plan.remove ? ['remove it'] : []),
    ],
    reason: plan.reason,
    // What was begun is looked at again; a failed addon after a while.
    lookAgainMs: isBusy ? lookAgainMs / 10 : plan.state === 'failed' ? retryRefusedMs : null,
  };
}

interface Replica {
  readonly id: string;
  readonly socketPath: string;
  readonly hasAdapter: boolean;
}

function socketOf(replicas: readonly Replica[], id: string): string {
  return replicas.find((replica) => replica.id === id)!.socketPath;
}

/** Ready replicas that answer; one that dies meanwhile is its deployment's business. */
async function observeReplicas(db: Database, deployment: string, adapter: string): Promise<Replica[]> {
  const rows = await db
    .selectFrom('replicas')
    .select(['id', 'socket_path'])
    .where('deployment', '=', deployment)
    .where('state', '=', 'ready')
    .where('socket_path', 'is not', null)
    .execute();
  const replicas: Replica[] = [];
  for (const { id, socket_path: socketPath } of rows) {
    const adapters = await listReplicaAdapters(socketPath!).catch(() => null);
    if (adapters !== null)
      replicas.push({ id, socketPath: socketPath!, hasAdapter: adapters.includes(adapter) });
  }
  return replicas;
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
