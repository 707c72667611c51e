import { InferenceError } from '@sparkler/api';
import { chooseReplica, type ReplicaLoad } from './choose-replica.ts';
import type { DeploymentRoute, ReplicaRoute } from './routing.ts';

export type WaitReason = 'asleep' | 'starting' | 'loading its addon' | 'busy';

export type Admission =
  | { readonly verb: 'run'; readonly replica: ReplicaRoute }
  | { readonly verb: 'wait'; readonly reason: WaitReason }
  | { readonly verb: 'refuse'; readonly error: InferenceError };

/** Seconds in which a replica that died is usually back. */
const RESTART_S = 2;

/**
 * What happens to a request for a deployment now. `loads` are its ready replicas that answered when last
 * tried and hold the addon that is asked for. Pure: waiting, waking and counting are the caller's.
 */
export function planAdmission(
  deployment: DeploymentRoute,
  loads: readonly ReplicaLoad[],
  request: { readonly affinityKey: string | null; readonly adapter: string | null },
  runningMax: number,
): Admission {
  if (loads.length > 0) {
    const replica = chooseReplica(loads, request.affinityKey, runningMax);
    return replica === null ? { verb: 'wait', reason: 'busy' } : { verb: 'run', replica };
  }
  if (deployment.state === 'asleep' || deployment.state === 'starting') {
    return { verb: 'wait', reason: deployment.state };
  }
  // A replica that came up a moment ago serves its base model before it holds every addon.
  const isLoading = deployment.replicas.some(
    (replica) => replica.state === 'ready' && !canServe(replica, request.adapter),
  );
  if (isLoading) return { verb: 'wait', reason: 'loading its addon' };
  return { verb: 'refuse', error: describeOutage(deployment) };
}

/** Whether a replica is up and holds an addon (null: none is asked for). */
export function canServe({ state, adapters }: ReplicaRoute, adapter: string | null): boolean {
  return state === 'ready' && (adapter === null || adapters === undefined || adapters.has(adapter));
}

function describeOutage(deployment: DeploymentRoute): InferenceError {
  const because = deployment.reason === null ? '' : `: ${deployment.reason}`;
  if (deployment.state === 'failed') {
    const message = `the deployment ${deployment.name} has failed${because}; its owner has to repair or replace it`;
    return new InferenceError(503, message, { retryAfterSeconds: 30 });
  }
  if (deployment.state === 'stopping') {
    const message = `the deployment ${deployment.name} is being removed${because}; use another one`;
    return new InferenceError(503, message, { retryAfterSeconds: 30 });
  }
  const message = `no replica of ${deployment.name} is up${because}; it is being restarted, try again in ${RESTART_S} s`;
  return new InferenceError(503, message, { retryAfterSeconds: RESTART_S });
}
