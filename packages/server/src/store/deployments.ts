import type { ListPage, ListQuery } from '@sparkler/api';
import type { Deployment } from '@sparkler/api/resources';
import { sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { column, type FieldMap, json, namedColumns, nullableColumn, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';
import type { DeploymentObservedState } from './schema.ts';

export type DeploymentResource = Static<typeof Deployment> & { readonly name: string };

interface DeploymentRow {
  name: string;
  account: string;
  display_name: string;
  description: string;
  created_by: string;
  create_time: Date;
  update_time: Date;
  expire_time: Date | null;
  delete_time: Date | null;
  purge_time: Date | null;
  generation: number;
  base_model: string;
  min_replica_count: number;
  max_replica_count: number;
  requested_replica_count: number | null;
  autoscaling_policy: object | null;
  enable_addons: boolean;
  details: Record<string, unknown>;
  observed_generation: number;
  observed_state: DeploymentObservedState;
  observed_reason: string | null;
  observed_replica_count: number;
  observed_ready_count: number;
  direct_route_handle: string | null;
}

export interface StoredDeployment {
  readonly account: string;
  readonly generation: number;
  readonly isDeleted: boolean;
  readonly resource: DeploymentResource;
}

/** Fields kept in `details`. */
const detailKeys = [
  'annotations',
  'maxWithRevocableReplicaCount',
  'acceleratorCount',
  'acceleratorType',
  'precision',
  'draftModel',
  'draftTokenCount',
  'ngramSpeculationLength',
  'deploymentTemplate',
  'deploymentShape',
  'autoTune',
  'placement',
  'directRouteType',
  'disableDeploymentSizeValidation',
  'enableHotReloadLatestAddon',
  'enableMtp',
  'enableSessionAffinity',
  'maxContextLength',
  'region',
] as const satisfies readonly (keyof DeploymentResource)[];

const state = sql`case
  when delete_time is not null then case when observed_state = 'deleted' then 'DELETED' else 'DELETING' end
  when observed_state in ('ready', 'asleep') then case when observed_generation < generation then 'UPDATING' else 'READY' end
  when observed_state = 'failed' then 'FAILED'
  else 'CREATING' end`;

const fields: FieldMap = {
  ...namedColumns(
    'name',
    'displayName',
    'description',
    'createTime',
    'updateTime',
    'createdBy',
    'minReplicaCount',
    'maxReplicaCount',
    'baseModel',
    'enableAddons',
  ),
  expireTime: nullableColumn(sql`expire_time`),
  deleteTime: nullableColumn(sql`delete_time`),
  purgeTime: nullableColumn(sql`purge_time`),
  state: column(state),
  replicaCount: column(sql`observed_replica_count`),
  autoscalingPolicy: json(sql`autoscaling_policy`),
  status: unset,
  desiredReplicaCount: unset,
  replicaStats: unset,
  directRouteHandle: nullableColumn(sql`direct_route_handle`),
  ...Object.fromEntries(detailKeys.map((key) => [key, json(sql`(details -> ${key}::text)`)])),
};

export function listDeployments(
  db: Database,
  account: string,
  showDeleted: boolean,
  query: ListQuery,
): Promise<ListPage<DeploymentResource>> {
  const scope = showDeleted ? sql`account = ${account}` : sql`account = ${account} and delete_time is null`;
  const source = { from: sql`deployments`, scope, fields, uniqueKey: sql`name` };
  return listRows(db, source, query, (row: DeploymentRow) => toDeployment(row).resource);
}

/** A deployment; `lock` holds it until the transaction ends. */
export async function readDeployment(
  db: DatabaseOrTransaction,
  name: string,
  lock = false,
): Promise<StoredDeployment | null> {
  const suffix = lock ? sql`for update` : sql``;
  const { rows } = await sql<DeploymentRow>`select * from deployments where name = ${name} ${suffix}`.execute(
    db,
  );
  return rows[0] === undefined ? null : toDeployment(rows[0]);
}

export async function insertDeployment(
  db: DatabaseOrTransaction,
  account: string,
  wanted: DeploymentResource,
  direct: { readonly handle: string | null; readonly keyHashes: readonly Buffer[] },
): Promise<StoredDeployment> {
  const { rows } = await sql<DeploymentRow>`
    insert into deployments (name, account, display_name, description, created_by, expire_time, base_model,
      min_replica_count, max_replica_count, autoscaling_policy, enable_addons, details,
      direct_route_handle, direct_route_keys)
    values (${wanted.name}, ${account}, ${wanted.displayName ?? ''}, ${wanted.description ?? ''},
      ${wanted.createdBy ?? ''}, ${wanted.expireTime ?? null}, ${wanted.baseModel}, ${wanted.minReplicaCount},
      ${wanted.maxReplicaCount}, ${toJson(wanted.autoscalingPolicy)}::jsonb, ${wanted.enableAddons ?? false},
      ${toJson(pickDetails(wanted))}::jsonb, ${direct.handle}, ${direct.keyHashes}::bytea[])
    returning *`.execute(db);
  return toDeployment(rows[0]!);
}

/** Writes what is wanted, with a new generation. `directKeyHashes`: null keeps those that there are. */
export async function updateDeployment(
  db: DatabaseOrTransaction,
  wanted: DeploymentResource,
  directKeyHashes: readonly Buffer[] | null,
): Promise<StoredDeployment> {
  const { rows } = await sql<DeploymentRow>`
    update deployments set display_name = ${wanted.displayName ?? ''}, description = ${wanted.description ?? ''},
      expire_time = ${wanted.expireTime ?? null}, min_replica_count = ${wanted.minReplicaCount},
      max_replica_count = ${wanted.maxReplicaCount}, autoscaling_policy = ${toJson(wanted.autoscalingPolicy)}::jsonb,
      enable_addons = ${wanted.enableAddons ?? false}, details = ${toJson(pickDetails(wanted))}::jsonb,
      direct_route_keys = coalesce(${directKeyHashes}::bytea[], direct_route_keys),
      generation = generation + 1, update_time = ${nextUpdateTime}
    where name = ${wanted.name} returning *`.execute(db);
  return toDeployment(rows[0]!);
}

export type DeploymentWish =
  | { readonly kind: 'scale'; readonly replicaCount: number }
  | { readonly kind: 'delete'; readonly purgeTime: Date }
  | { readonly kind: 'undelete' };

/** Scales, deletes or brings back a deployment. */
export async function wantOfDeployment(
  db: DatabaseOrTransaction,
  name: string,
  wish: DeploymentWish,
): Promise<StoredDeployment> {
  const change = {
    scale: () => sql`requested_replica_count = ${(wish as { replicaCount: number }).replicaCount}`,
    delete: () => sql`delete_time = now(), purge_time = ${(wish as { purgeTime: Date }).purgeTime}`,
    undelete: () =>
      sql`delete_time = null, purge_time = null, observed_state = 'starting', observed_reason = null`,
  }[wish.kind]();
  const { rows } = await sql<DeploymentRow>`
    update deployments set ${change}, generation = generation + 1, update_time = ${nextUpdateTime}
    where name = ${name} returning *`.execute(db);
  return toDeployment(rows[0]!);
}

function pickDetails(wanted: DeploymentResource): object {
  return Object.fromEntries(
    detailKeys.flatMap((key) => (wanted[key] === undefined ? [] : [[key, wanted[key]]])),
  );
}

function toJson(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function toDeployment(row: DeploymentRow): StoredDeployment {
  const times = { expireTime: row.expire_time, deleteTime: row.delete_time, purgeTime: row.purge_time };
  const resource = {
    ...row.details,
    name: row.name,
    displayName: row.display_name,
    description: row.description,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    ...Object.fromEntries(
      Object.entries(times).flatMap(([key, time]) => (time ? [[key, time.toISOString()]] : [])),
    ),
    createdBy: row.created_by,
    state: deriveState(row),
    status: {
      code: row.observed_state === 'failed' ? 'UNAVAILABLE' : 'OK',
      message: row.observed_reason ?? '',
    },
    minReplicaCount: row.min_replica_count,
    maxReplicaCount: row.max_replica_count,
    desiredReplicaCount: row.requested_replica_count ?? Math.max(row.min_replica_count, 1),
    replicaCount: row.observed_replica_count,
    replicaStats: {
      readyReplicaCount: row.observed_ready_count,
      initializingReplicaCount: row.observed_replica_count - row.observed_ready_count,
    },
    ...(row.autoscaling_policy === null ? {} : { autoscalingPolicy: row.autoscaling_policy }),
    baseModel: row.base_model,
    enableAddons: row.enable_addons,
    ...(row.direct_route_handle === null ? {} : { directRouteHandle: row.direct_route_handle }),
  } as DeploymentResource;
  return { account: row.account, generation: row.generation, isDeleted: row.delete_time !== null, resource };
}

/** The public state: derived from what is wanted and what was seen, never stored. Pure. */
export function deriveState(
  row: Pick<DeploymentRow, 'delete_time' | 'observed_state' | 'observed_generation' | 'generation'>,
): string {
  if (row.delete_time !== null) return row.observed_state === 'deleted' ? 'DELETED' : 'DELETING';
  switch (row.observed_state) {
    case 'ready':
    case 'asleep':
      return row.observed_generation < row.generation ? 'UPDATING' : 'READY';
    case 'failed':
      return 'FAILED';
    default:
      return 'CREATING';
  }
}
