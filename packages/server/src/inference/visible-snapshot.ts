import type { Principal } from '../http/principal.ts';
import type { RoutingSnapshot } from './routing.ts';

/** Built once a snapshot and deployment: resolving keeps an index by snapshot. */
const narrowed = new WeakMap<RoutingSnapshot, Map<string, RoutingSnapshot>>();

/** What a caller's requests are resolved in: everything, or only the deployment that its key is for. */
export function selectVisible(snapshot: RoutingSnapshot, { deployment }: Principal): RoutingSnapshot {
  if (deployment === undefined) return snapshot;
  const known = narrowed.get(snapshot) ?? new Map<string, RoutingSnapshot>();
  narrowed.set(snapshot, known);
  const visible = known.get(deployment) ?? narrow(snapshot, deployment);
  known.set(deployment, visible);
  return visible;
}

function narrow(snapshot: RoutingSnapshot, deployment: string): RoutingSnapshot {
  const only = snapshot.deployments.get(deployment);
  const entries = [...snapshot.deployedModels].filter(([, entry]) => entry.deployment === deployment);
  return {
    ...snapshot,
    deployments: new Map(only === undefined ? [] : [[deployment, only]]),
    deployedModels: new Map(entries),
  };
}
