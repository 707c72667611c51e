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
}

export interface DeployedModelPlan {
  readonly state: DeployedModelObservedState;
  readonly reason: string | null;
  /** The row has served its purpose. */
  readonly remove: boolean;
}

/** A deployed base model is as its deployment is. Pure. */
export function planDeployedModel(observation: DeployedModelObservation): DeployedModelPlan {
  const { deleted, adapter, isBaseModel, state, deploymentState, deploymentReason } = observation;
  if (deleted) return { state: 'undeploying', reason: null, remove: true };
  if (adapter !== null || !isBaseModel) {
    const reason =
      "the model is not the deployment's base model, and this server's engines do not load adapters";
    return { state: 'failed', reason, remove: false };
  }
  switch (deploymentState) {
    // Asleep still counts as deployed: the first request wakes it.
    case 'ready':
    case 'asleep':
      return { state: 'deployed', reason: null, remove: false };
    case 'starting':
      // A replica that crashed is on its way back: requests wait for it instead of being refused.
      if (state === 'deployed') return { state, reason: null, remove: false };
      return { state: 'deploying', reason: deploymentReason, remove: false };
    case 'failed':
      return { state: 'failed', reason: deploymentReason, remove: false };
    case 'stopping':
    case 'deleted':
      return { state: 'undeploying', reason: 'its deployment is being deleted', remove: false };
  }
}
