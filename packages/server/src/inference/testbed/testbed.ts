import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createApp } from '../../http/app.ts';
import { defaultGatewaySettings, type GatewaySettings, type ServerContext } from '../../http/context.ts';
import type { Principal } from '../../http/principal.ts';
import type { UsageRecord } from '../metering.ts';
import type { DeployedModelRoute, DeploymentRoute, ModelRoute, RoutingSnapshot } from '../routing.ts';

export const aliceKey = 'fw_alice';
export const bobKey = 'fw_bob';

/** A server context over plain values, for tests of the HTTP surface without a database. */
export interface Testbed {
  readonly context: ServerContext;
  readonly usage: UsageRecord[];
  /** Names of deployments that were asked to wake. */
  readonly woken: string[];
  /** Everything logged, one JSON line each. */
  readonly logLines: string[];
  route(snapshot: RoutingSnapshot): void;
}

export function principal(account: string, fields: Partial<Principal> = {}): Principal {
  const user = `accounts/${account}/users/${account}`;
  return { account, user, role: 'user', apiKeyId: `key-${account}`, isServiceAccount: false, ...fields };
}

export function createTestbed(settings: Partial<GatewaySettings> = {}): Testbed {
  let snapshot = snapshotOf({});
  let ids = 0;
  const usage: UsageRecord[] = [];
  const woken: string[] = [];
  const logLines: string[] = [];
  const principals = new Map([
    [aliceKey, principal('alice')],
    [bobKey, principal('bob')],
  ]);
  const context: ServerContext = {
    settings: { ...defaultGatewaySettings, ...settings },
    log: pino({ level: 'trace' }, { write: (line: string) => void logLines.push(line) }),
    keys: { find: (key) => principals.get(key) ?? null },
    routing: { current: () => snapshot },
    usage: { record: (record) => void usage.push(record) },
    metrics: new Registry(),
    wake: (deployment) => void woken.push(deployment),
    now: Date.now,
    newId: () => `request-${++ids}`,
    drainTimeoutMs: 200,
    isReady: () => ({ ready: true, reason: null }),
  };
  const route = (next: RoutingSnapshot) => {
    snapshot = next;
  };
  return { context, usage, woken, logLines, route };
}

/** An app over a testbed, listening on a free port of loopback. */
export async function listen(testbed: Testbed): Promise<{ baseUrl: string; close(): Promise<void> }> {
  const app = createApp(testbed.context);
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });
  return { baseUrl, close: () => app.close() };
}

interface SnapshotParts {
  readonly models?: readonly ModelRoute[];
  readonly deployments?: readonly DeploymentRoute[];
  readonly deployedModels?: readonly DeployedModelRoute[];
}

let versions = 0;

export function snapshotOf(parts: SnapshotParts): RoutingSnapshot {
  const byName = <T extends { name: string }>(entries: readonly T[] = []) =>
    new Map(entries.map((entry) => [entry.name, entry]));
  return {
    version: ++versions,
    models: byName(parts.models),
    deployments: byName(parts.deployments),
    deployedModels: byName(parts.deployedModels),
  };
}

export function model(name: string, fields: Partial<ModelRoute> = {}): ModelRoute {
  return {
    name,
    account: name.split('/')[1]!,
    public: true,
    kind: 'HF_BASE_MODEL',
    contextLength: 2048,
    supportsImageInput: false,
    supportsTools: true,
    supportsChat: true,
    createTimeMs: 1_700_000_000_000,
    priceClass: 'small',
    ...fields,
  };
}

export function deployment(
  name: string,
  baseModel: string,
  fields: Partial<DeploymentRoute> = {},
): DeploymentRoute {
  const account = name.split('/')[1]!;
  return {
    name,
    account,
    baseModel,
    dialect: 'native',
    replicas: [],
    state: 'ready',
    reason: null,
    ...fields,
  };
}

export function deployedModel(
  name: string,
  modelName: string,
  deploymentName: string,
  fields: Partial<DeployedModelRoute> = {},
): DeployedModelRoute {
  const defaults = { adapter: null, isDefault: true, public: true, state: 'deployed', reason: null } as const;
  return { name, model: modelName, deployment: deploymentName, ...defaults, ...fields };
}

/** The model `accounts/fireworks/models/tiny`, open to all, on replicas at these sockets or URLs. */
export function tinySnapshot(
  addresses: readonly string[],
  fields: Partial<DeploymentRoute> = {},
): RoutingSnapshot {
  const name = 'accounts/fireworks/models/tiny';
  const on = 'accounts/fireworks/deployments/tiny';
  const replicas = addresses.map((address, index) => ({
    id: `replica-${index}`,
    address: address.startsWith('http') ? { baseUrl: address } : { socketPath: address },
    state: 'ready' as const,
  }));
  return snapshotOf({
    models: [model(name)],
    deployments: [deployment(on, name, { replicas, ...fields })],
    deployedModels: [deployedModel('accounts/fireworks/deployedModels/tiny-0', name, on)],
  });
}
