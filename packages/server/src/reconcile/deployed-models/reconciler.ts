import {
  AdapterRefusedError,
  listReplicaAdapters,
  loadReplicaAdapter,
  unloadReplicaAdapter,
} from '../../launch/replica-adapters.ts';
import type { Database } from '../../store/database.ts';
import { writeReplicaAdapter } from '../../store/deployment-observed.ts';
import {
  type DesiredDeployedModel,
  listAllDeployedModels,
  listReadySockets,
  readDesiredDeployedModel,
  removeDeployedModel,
  writeDeployedModelObserved,
} from '../../store/desired-deployed-models.ts';
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

  async function load(
    row: DesiredDeployedModel,
    replicas: readonly Replica[],
    ids: readonly string[],
  ): Promise<void> {
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
    listNames: () => listAllDeployedModels(db),
    async reconcile(name) {
      const row = await readDesiredDeployedModel(db, name);
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
      if (plan.remove) await removeDeployedModel(db, name);
      else await writeDeployedModelObserved(db, row, plan);
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
  const replicas: Replica[] = [];
  for (const { id, socketPath } of await listReadySockets(db, deployment)) {
    const adapters = await listReplicaAdapters(socketPath).catch(() => null);
    if (adapters !== null) replicas.push({ id, socketPath, hasAdapter: adapters.includes(adapter) });
  }
  return replicas;
}
