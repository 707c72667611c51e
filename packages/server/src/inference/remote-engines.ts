import type { DeploymentRoute, RoutingSnapshot } from './routing.ts';

/** A server that somebody else runs, which serves a model of the catalogue. */
export interface RemoteEngine {
  /** accounts/A/models/M */
  readonly model: string;
  /** Base URL of its API, such as https://gpu-7:8000/v1. */
  readonly url: string;
  /** Which dialect it speaks: a key of `dialects`. */
  readonly dialect: string;
  /** What it calls the model; null: the same name. */
  readonly upstreamModel: string | null;
  /** Its key; null: it wants none. */
  readonly key: string | null;
}

/**
 * The picture with remote engines in it: each a public deployment of the model's account. One of several
 * engines of a model is chosen as among replicas. A model that is served remotely is not served from here by
 * its plain name: that is what its operator configured.
 */
export function addRemoteEngines(
  snapshot: RoutingSnapshot,
  engines: readonly RemoteEngine[],
): RoutingSnapshot {
  if (engines.length === 0) return snapshot;
  const deployments = new Map(snapshot.deployments);
  const deployedModels = new Map(snapshot.deployedModels);
  for (const [model, serving] of Map.groupBy(engines, (engine) => engine.model)) {
    for (const entry of snapshot.deployedModels.values()) {
      if (entry.model === model) deployedModels.set(entry.name, { ...entry, isDefault: false });
    }
    const deployment = routeTo(model, serving);
    const name = deployment.name.replace('/deployments/', '/deployedModels/');
    deployments.set(deployment.name, deployment);
    deployedModels.set(name, {
      name,
      model,
      deployment: deployment.name,
      adapter: null,
      isDefault: true,
      public: true,
      state: 'deployed',
      reason: null,
    });
  }
  return { ...snapshot, deployments, deployedModels };
}

function routeTo(model: string, engines: readonly RemoteEngine[]): DeploymentRoute {
  const [first] = engines;
  const [, account, , id] = model.split('/');
  return {
    name: `accounts/${account}/deployments/${id}-remote`,
    account: account!,
    baseModel: model,
    dialect: first!.dialect,
    replicas: engines.map((engine, index) => ({
      id: `remote-${index}`,
      address: { baseUrl: engine.url },
      state: 'ready',
    })),
    state: 'ready',
    reason: null,
    upstreamModel: first!.upstreamModel ?? model,
    upstreamKey: first!.key,
  };
}
