import type { RoutingSnapshot } from '../inference/routing.ts';
import type { LoadedRoutingTable } from '../store/routing-table.ts';

/**
 * Resolves when a replica of some deployment serves the model (full name); rejects with the reason when all
 * failed.
 */
export function whenServing(routing: LoadedRoutingTable, model: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void) => {
      stopListening();
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onAbort = () => finish(() => reject(signal.reason));
    const look = (snapshot: RoutingSnapshot) => {
      const state = deriveServing(snapshot, model);
      if (state.serves) finish(resolve);
      else if (state.failure !== null) finish(() => reject(new Error(state.failure ?? '')));
    };
    const stopListening = routing.onChange(look);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else look(routing.current());
  });
}

/** Pure. Failed only when every deployment of the model failed. */
function deriveServing(
  snapshot: RoutingSnapshot,
  model: string,
): { serves: boolean; failure: string | null } {
  const deployed = [...snapshot.deployedModels.values()].filter((entry) => entry.model === model);
  const deployments = deployed.flatMap((entry) => snapshot.deployments.get(entry.deployment) ?? []);
  const serves = deployments.some(
    (deployment) =>
      deployment.replicas.some((replica) => replica.state === 'ready') &&
      deployed.some((entry) => isServed(entry, deployment.name)),
  );
  const failed = deployments.length > 0 && deployments.every((deployment) => deployment.state === 'failed');
  const reason = deployments.find((deployment) => deployment.reason !== null)?.reason;
  return { serves, failure: failed ? (reason ?? `${model} failed`) : null };
}

function isServed(entry: { deployment: string; state: string }, deployment: string): boolean {
  return entry.deployment === deployment && entry.state === 'deployed';
}
