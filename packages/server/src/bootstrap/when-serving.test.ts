import { expect, test } from 'vitest';
import type { DeploymentRoute, RoutingSnapshot } from '../inference/routing.ts';
import type { LoadedRoutingTable } from '../store/routing-table.ts';
import { whenServing } from './when-serving.ts';

const model = 'accounts/fireworks/models/m';
const deployment: DeploymentRoute = {
  name: 'accounts/fireworks/deployments/d',
  account: 'fireworks',
  baseModel: model,
  dialect: 'native',
  replicas: [],
  state: 'starting',
  reason: null,
};

function snapshot(change: Partial<DeploymentRoute>): RoutingSnapshot {
  const entry = {
    name: 'accounts/fireworks/deployedModels/m',
    model,
    deployment: deployment.name,
    adapter: null,
    isDefault: true,
    public: true,
    state: 'deployed' as const,
    reason: null,
  };
  return {
    version: 1,
    models: new Map(),
    deployments: new Map([[deployment.name, { ...deployment, ...change }]]),
    deployedModels: new Map([[entry.name, entry]]),
  };
}

/** A table whose snapshots a test sets by hand. */
function createTable(first: RoutingSnapshot) {
  let current = first;
  const listeners = new Set<(next: RoutingSnapshot) => void>();
  const table: LoadedRoutingTable = {
    current: () => current,
    load: async () => undefined,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const set = (next: RoutingSnapshot) => {
    current = next;
    for (const listener of listeners) listener(next);
  };
  return { table, set, listeners };
}

const ready = { id: 'r', address: { socketPath: '/r' }, state: 'ready' } as const;

test('it resolves when a replica is ready, not when only the deployment says so', async () => {
  const { table, set, listeners } = createTable(snapshot({ state: 'ready' }));
  let served = false;
  const serving = whenServing(table, model, new AbortController().signal).then(() => {
    served = true;
  });
  set(snapshot({ state: 'ready', replicas: [{ ...ready, state: 'starting' }] }));
  await new Promise((resolve) => setImmediate(resolve));
  expect(served).toBe(false);
  set(snapshot({ state: 'ready', replicas: [ready] }));
  await serving;
  expect(listeners.size).toBe(0);
});

test('it rejects with the reason when the deployment failed', async () => {
  const { table, set } = createTable(snapshot({}));
  const serving = whenServing(table, model, new AbortController().signal);
  set(snapshot({ state: 'failed', reason: 'No source had the model' }));
  await expect(serving).rejects.toThrow('No source had the model');
});

test('it gives up when told to', async () => {
  const { table, listeners } = createTable(snapshot({}));
  const giveUp = new AbortController();
  const serving = whenServing(table, model, giveUp.signal);
  giveUp.abort(new Error('stopped'));
  await expect(serving).rejects.toThrow('stopped');
  expect(listeners.size).toBe(0);
});
