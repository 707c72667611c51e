import type { Launcher } from '../../launch/launcher.ts';
import { listDeployedModelsOf } from '../../store/desired-deployed-models.ts';
import { listDeploymentsUsing, listUnfinishedDeployments } from '../../store/desired-deployments.ts';
import type { ReconcileQueue } from '../../store/reconcile-queue.ts';
import type { ReconcileOutcome } from '../../store/reconcile-results.ts';
import type { Reconciler } from '../reconciler.ts';
import { type ApplyParts, applyDeployment } from './apply.ts';
import { type ObserveParts, observeDeployment } from './observe.ts';
import { type DeploymentPlan, planDeployment } from './plan.ts';

export interface DeploymentsParts extends ObserveParts, ApplyParts {
  readonly launcher: Launcher;
  readonly queue: ReconcileQueue;
  readonly onError: (error: Error) => void;
}

/** Makes the replicas of each deployment what its row wants. */
export function createDeploymentsReconciler(parts: DeploymentsParts): Reconciler {
  const { db, queue, launcher, weights } = parts;
  const request = (name: string) => queue.request({ kind: 'deployment', name }).catch(parts.onError);
  launcher.onChange((deployment) => void request(deployment));
  weights.onEnd((model) => void requestUsersOf(model).catch(parts.onError));

  async function requestUsersOf(model: string): Promise<void> {
    for (const name of await listDeploymentsUsing(db, model)) await request(name);
  }

  async function requestDeployedModels(deployment: string): Promise<void> {
    for (const name of await listDeployedModelsOf(db, deployment))
      await queue.request({ kind: 'deployed-model', name });
  }

  return {
    kind: 'deployment',
    listNames: () => listUnfinishedDeployments(db),
    async reconcile(name) {
      const observation = await observeDeployment(name, parts);
      if (!observation)
        return { generation: 0, outcome: 'settled', details: [], reason: null, lookAgainMs: null };
      const plan = planDeployment(observation);
      const isCurrent = await applyDeployment(observation.deployment, plan, parts);
      if (!isCurrent) return superseded(observation.deployment.generation);
      await requestDeployedModels(name);
      return toOutcome(observation.deployment.generation, plan);
    },
  };
}

function superseded(generation: number): ReconcileOutcome {
  return {
    generation,
    outcome: 'progressing',
    details: [],
    reason: 'the deployment changed while it was looked at',
    // Whoever changed it asked for a run; this is for the case that the asking got lost.
    lookAgainMs: 1_000,
  };
}

function toOutcome(generation: number, plan: DeploymentPlan): ReconcileOutcome {
  const isSettled = plan.steps.length === 0 && ['ready', 'asleep', 'deleted'].includes(plan.state);
  return {
    generation,
    outcome: isSettled ? 'settled' : 'progressing',
    details: plan.details,
    reason: plan.reason,
    lookAgainMs: plan.lookAgainMs,
  };
}
