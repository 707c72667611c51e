import { type Selectable, sql } from 'kysely';
import type {
  DeployedModelRoute,
  DeploymentRoute,
  DirectRoute,
  ModelRoute,
  ReplicaRoute,
  RoutingSnapshot,
  RoutingTable,
} from '../inference/routing.ts';
import type { Database } from './database.ts';
import type { DeployedModelsTable, DeploymentsTable, ModelsTable, ReplicasTable } from './schema.ts';

/** Rows that routing is made of, read at one moment. */
export interface RoutingRows {
  readonly models: readonly Selectable<ModelsTable>[];
  readonly deployments: readonly Selectable<DeploymentsTable>[];
  readonly deployedModels: readonly Selectable<DeployedModelsTable>[];
  readonly replicas: readonly Selectable<ReplicasTable>[];
}

export interface LoadedRoutingTable extends RoutingTable {
  load(): Promise<void>;
  /** Calls back after each load that changed something; returns how to stop that. */
  onChange(listener: (snapshot: RoutingSnapshot) => void): () => void;
}

/** What this gateway routes to besides what the tables say. */
export interface FurtherRoutes {
  /** Full names of the models they serve. */
  readonly models: readonly string[];
  add(snapshot: RoutingSnapshot): RoutingSnapshot;
}

const nothingFurther: FurtherRoutes = { models: [], add: (snapshot) => snapshot };

export function createRoutingTable(db: Database, further = nothingFurther): LoadedRoutingTable {
  let snapshot = buildRoutingSnapshot({ models: [], deployments: [], deployedModels: [], replicas: [] }, 0);
  const listeners = new Set<(snapshot: RoutingSnapshot) => void>();
  return {
    current: () => snapshot,
    async load() {
      const rows = await readRoutingRows(db, further.models);
      snapshot = further.add(buildRoutingSnapshot(rows, snapshot.version + 1));
      for (const listener of listeners) listener(snapshot);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

async function readRoutingRows(db: Database, further: readonly string[]): Promise<RoutingRows> {
  // One moment for all four tables, so that no route names a deployment that the snapshot lacks.
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (transaction) => ({
      models: await transaction
        .selectFrom('models')
        .selectAll()
        .where('state', '=', 'READY')
        // A gateway asks for deployed models only; an account may have a hundred thousand others.
        .where((eb) =>
          eb.or([
            eb('name', 'in', eb.selectFrom('deployed_models').select('model')),
            eb('name', 'in', eb.selectFrom('deployments').select('base_model')),
            eb('name', '=', sql<string>`any(${further})`),
          ]),
        )
        .execute(),
      deployments: await transaction
        .selectFrom('deployments')
        .selectAll()
        .where('observed_state', '<>', 'deleted')
        .execute(),
      deployedModels: await transaction.selectFrom('deployed_models').selectAll().execute(),
      replicas: await transaction
        .selectFrom('replicas')
        .selectAll()
        .orderBy('create_time')
        .orderBy('id')
        .execute(),
    }));
}

/** Turns rows into the gateway's picture. Pure. */
export function buildRoutingSnapshot(rows: RoutingRows, version: number): RoutingSnapshot {
  const replicas = Map.groupBy(rows.replicas, (replica) => replica.deployment);
  const deployments = rows.deployments.map((row) => toDeploymentRoute(row, replicas.get(row.name) ?? []));
  const known = new Set(deployments.map((deployment) => deployment.name));
  return {
    version,
    models: byName(rows.models.map(toModelRoute)),
    deployments: byName(deployments),
    deployedModels: byName(
      rows.deployedModels.filter((row) => known.has(row.deployment)).map(toDeployedModelRoute),
    ),
    directRoutes: new Map(
      rows.deployments
        .filter((row) => row.delete_time === null && row.direct_route_handle !== null)
        .map((row) => [row.direct_route_handle!, toDirectRoute(row)]),
    ),
  };
}

function toDirectRoute(row: Selectable<DeploymentsTable>): DirectRoute {
  return { deployment: row.name, account: row.account, keyHashes: row.direct_route_keys };
}

function byName<Route extends { readonly name: string }>(
  routes: readonly Route[],
): ReadonlyMap<string, Route> {
  return new Map(routes.map((route) => [route.name, route]));
}

function toDeploymentRoute(
  row: Selectable<DeploymentsTable>,
  replicas: readonly Selectable<ReplicasTable>[],
): DeploymentRoute {
  return {
    name: row.name,
    account: row.account,
    baseModel: row.base_model,
    dialect: row.dialect,
    replicas: replicas.map(toReplicaRoute),
    state: row.delete_time || row.observed_state === 'deleted' ? 'stopping' : row.observed_state,
    reason: row.observed_reason,
    sessionAffinity: row.details.enableSessionAffinity === true,
  };
}

function toReplicaRoute(row: Selectable<ReplicasTable>): ReplicaRoute {
  const { id, state } = row;
  // The table's check says that exactly one of the two is set. What a server that is not ours has loaded is
  // its affair.
  if (row.socket_path === null) return { id, address: { baseUrl: row.base_url ?? '' }, state };
  return { id, address: { socketPath: row.socket_path }, state, adapters: new Set(row.adapters) };
}

function toDeployedModelRoute(row: Selectable<DeployedModelsTable>): DeployedModelRoute {
  return {
    name: row.name,
    model: row.model,
    deployment: row.deployment,
    adapter: row.adapter,
    isDefault: row.is_default,
    public: row.is_public,
    state: row.delete_time ? 'undeploying' : row.observed_state,
    reason: row.observed_reason,
  };
}

function toModelRoute(row: Selectable<ModelsTable>): ModelRoute {
  return {
    name: row.name,
    account: row.account,
    public: row.is_public,
    kind: row.kind,
    contextLength: row.context_length,
    supportsImageInput: row.supports_image_input,
    supportsTools: row.supports_tools,
    supportsChat: row.supports_chat,
    createTimeMs: row.create_time.getTime(),
    priceClass: row.price_class,
    parameterCount: Number(row.base_model_details?.parameterCount ?? 0),
    ...toConversation(row.conversation_config),
  };
}

/** Templates by other names than jinja are refused when a model is made. */
function toConversation(config: Readonly<Record<string, unknown>> | null): Pick<ModelRoute, 'conversation'> {
  const read = (key: string) =>
    typeof config?.[key] === 'string' && config[key] !== '' ? String(config[key]) : null;
  const conversation = { template: read('template'), system: read('system') };
  return conversation.template === null && conversation.system === null ? {} : { conversation };
}
