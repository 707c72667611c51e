import type { DeployedModelObservedState, DeploymentObservedState } from '../../store/schema.ts';

export interface DeployedModelObservation {
  readonly deleted: boolean;
  /** Adapter id on the replicas; null when it is the deployment's base model. */
  readonly adapter: string | null;
  readonly isBaseModel: boolean;
  /** What was observed last. */
  readonly state: DeployedModelObservedState;
  readonly deploymentState: DeploymentObservedState;
  readonly deploymentReason: string | null;
  /** Ready replicas and what each holds; empty while the deployment sleeps or starts. */
  readonly replicas: readonly { readonly id: string; readonly hasAdapter: boolean }[];
  /** Why the adapter could not be loaded when that was tried last; null when it was not or went well. */
  readonly adapterProblem: string | null;
}

export interface DeployedModelPlan {
  readonly state: DeployedModelObservedState;
  readonly reason: string | null;
  /** The row has served its purpose. */
  readonly remove: boolean;
  /** Replicas that the adapter is to be loaded on, or unloaded from. */
  readonly load: readonly string[];
  readonly unload: readonly string[];
}

/**
 * A deployed base model is as its deployment is; an adapter counts as deployed when every ready replica holds
 * it. Pure.
 */
export function planDeployedModel(observation: DeployedModelObservation): DeployedModelPlan {
  const { deleted, adapter, isBaseModel, replicas } = observation;
  if (deleted) {
    const unload =
      adapter === null ? [] : replicas.filter((replica) => replica.hasAdapter).map(({ id }) => id);
    return { ...plan('undeploying', null), remove: unload.length === 0, unload };
  }
  if (adapter === null && !isBaseModel) {
    return plan('failed', "the model is neither the deployment's base model nor an addon of it");
  }
  const likeDeployment = planLikeDeployment(observation);
  if (adapter === null || likeDeployment.state !== 'deployed') return likeDeployment;
  const missing = replicas.filter((replica) => !replica.hasAdapter).map(({ id }) => id);
  const held = replicas.length - missing.length;
  const residency = replicas.length === 0 ? null : `loaded on ${held} of ${replicas.length} replicas`;
  if (missing.length === 0) return { ...likeDeployment, reason: likeDeployment.reason ?? residency };
  if (observation.adapterProblem !== null) return plan('failed', observation.adapterProblem);
  return {
    ...plan(
      observation.state === 'deployed' ? 'deployed' : 'deploying',
      `the addon is being loaded: ${residency}`,
    ),
    load: missing,
  };
}

function planLikeDeployment(observation: DeployedModelObservation): DeployedModelPlan {
  const { state, deploymentState, deploymentReason } = observation;
  switch (deploymentState) {
    // Asleep still counts as deployed: the first request wakes it.
    case 'ready':
    case 'asleep':
      return plan('deployed', null);
    case 'starting':
      // A replica that crashed is on its way back: requests wait for it instead of being refused.
      if (state === 'deployed') return plan(state, null);
      return plan('deploying', deploymentReason);
    case 'failed':
      return plan('failed', deploymentReason);
    case 'stopping':
    case 'deleted':
      return plan('undeploying', 'its deployment is being deleted');
  }
}

function plan(state: DeployedModelObservedState, reason: string | null): DeployedModelPlan {
  return { state, reason, remove: false, load: [], unload: [] };
}
