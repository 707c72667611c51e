import { sql } from 'kysely';
import type { Database, DatabaseOrTransaction } from './database.ts';
import type { DeploymentObservedState, ReplicasTable } from './schema.ts';
import { closeServing, closeUnseen, openServing } from './serving-intervals.ts';

export interface DeploymentObserved {
  readonly state: DeploymentObservedState;
  readonly reason: string | null;
  readonly replicaCount: number;
  readonly readyCount: number;
}

/**
 * Writes the observed columns if the deployment still has the generation that was looked at; false if it has
 * not. Writes nothing when nothing changed: every write wakes all gateways.
 */
export async function writeDeploymentObserved(
  db: Database,
  name: string,
  generation: number,
  observed: DeploymentObserved,
): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const row = await transaction
      .selectFrom('deployments')
      .select([
        'generation',
        'observed_generation',
        'observed_state',
        'observed_reason',
        'observed_replica_count',
        'observed_ready_count',
      ])
      .where('name', '=', name)
      .forUpdate()
      .executeTakeFirst();
    if (row?.generation !== generation) return false;
    const values = {
      observed_generation: generation,
      observed_state: observed.state,
      observed_reason: observed.reason,
      observed_replica_count: observed.replicaCount,
      observed_ready_count: observed.readyCount,
    };
    const changed = Object.entries(values).some(
      ([column, value]) => row[column as keyof typeof row] !== value,
    );
    if (!changed) return true;
    // Together: whoever sees the deployment READY may query its base model at once.
    if (observed.state === 'ready') {
      await transaction
        .updateTable('deployed_models')
        .set({ observed_state: 'deployed', observed_reason: null, observe_time: new Date() })
        .where('deployment', '=', name)
        .where('adapter', 'is', null)
        .where('delete_time', 'is', null)
        .where('observed_state', '=', 'deploying')
        .execute();
    }
    await transaction
      .updateTable('deployments')
      .set({ ...values, observe_time: new Date() })
      .where('name', '=', name)
      .execute();
    // Together: whoever sees that it is gone for good may delete its model at once.
    if (observed.state === 'deleted') {
      await transaction
        .deleteFrom('deployments')
        .where('name', '=', name)
        .where('purge_time', '<=', sql<Date>`now()`)
        .execute();
    }
    return true;
  });
}

export interface ReplicaObserved {
  readonly id: string;
  readonly generation: number;
  readonly address: { readonly socketPath: string } | { readonly baseUrl: string };
  readonly pid: number | null;
  readonly state: ReplicasTable['state'];
  /** What it runs on; null or left out: this host, without accelerators. */
  readonly placement?: {
    readonly region: string;
    readonly acceleratorType: string;
    readonly reserved: number;
    readonly onDemand: number;
    readonly revocable: number;
  } | null;
}

/**
 * Makes the rows of a node's replicas of one deployment equal to `replicas`, touching only what differs.
 * `removesGone`: false leaves those that are in no list any more for a later call. `time`: when they were so,
 * which is what accelerator seconds count by.
 */
export async function writeReplicas(
  db: Database,
  node: string,
  deployment: string,
  replicas: readonly ReplicaObserved[],
  {
    removesGone = true,
    time = new Date(),
  }: { readonly removesGone?: boolean; readonly time?: Date | undefined } = {},
): Promise<void> {
  const rows = await db
    .selectFrom('replicas')
    .select(['id', 'state', 'pid'])
    .where('node', '=', node)
    .where('deployment', '=', deployment)
    .execute();
  const known = new Map(rows.map((row) => [row.id, row]));
  const ids = new Set(replicas.map((replica) => replica.id));
  const gone = rows.filter((row) => !ids.has(row.id)).map((row) => row.id);
  if (removesGone && gone.length > 0) {
    await db.deleteFrom('replicas').where('id', 'in', gone).execute();
    await closeServing(db, gone, time);
  }
  for (const replica of replicas) {
    const row = known.get(replica.id);
    if (row?.state === replica.state && row.pid === replica.pid) continue;
    await writeReplica(db, node, deployment, replica);
    if (replica.state === 'ready') await openServing(db, node, replica.id, deployment, time);
  }
}

async function writeReplica(
  db: Database,
  node: string,
  deployment: string,
  replica: ReplicaObserved,
): Promise<void> {
  const { id, generation, pid, state, address, placement } = replica;
  const changing = {
    pid,
    state,
    // Known only once its process runs, when it had to wait for its accelerators.
    socket_path: 'socketPath' in address ? address.socketPath : null,
    base_url: 'baseUrl' in address ? address.baseUrl : null,
    update_time: new Date(),
  };
  await db
    .insertInto('replicas')
    .values({
      id,
      deployment,
      generation,
      node,
      region: placement?.region ?? '',
      accelerator_type: placement?.acceleratorType ?? '',
      reserved_count: placement?.reserved ?? 0,
      on_demand_count: placement?.onDemand ?? 0,
      revocable_count: placement?.revocable ?? 0,
      ...changing,
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({
        ...changing,
        // Another process under the same id has loaded nothing yet.
        adapters: sql<
          string[]
        >`case when replicas.pid is distinct from excluded.pid then '{}' else replicas.adapters end`,
      }),
    )
    .execute();
}

/**
 * Notes that a replica holds an addon, or no longer does. Writes nothing when that is known: writes wake
 * gateways.
 */
export async function writeReplicaAdapter(
  db: Database,
  replica: string,
  adapter: string,
  isHeld: boolean,
): Promise<void> {
  const change = isHeld ? sql`array_append(adapters, ${adapter})` : sql`array_remove(adapters, ${adapter})`;
  await sql`update replicas set adapters = ${change}
    where id = ${replica} and (${adapter} = any (adapters)) <> ${isHeld}`.execute(db);
}

/**
 * Removes the rows of replicas that an earlier process of this node supervised (child processes die with it),
 * and with them what was concluded from them: a start must not believe what an earlier one saw.
 */
export async function forgetNode(db: Database, node: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('replicas').where('node', '=', node).execute();
    await closeUnseen(transaction, { node });
    await markUnserved(transaction);
  });
}

/**
 * Removes the rows of all replicas but this node's. For the process that leads: the one that led before is
 * dead, and its replicas with it, or ends them.
 */
export async function forgetOtherNodes(db: Database, node: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction
      .deleteFrom('replicas')
      .where('node', '<>', node)
      .where('socket_path', 'is not', null)
      .execute();
    await markUnserved(transaction);
  });
}

/** Requests wait for deployments that have lost all their replicas. */
async function markUnserved(db: DatabaseOrTransaction): Promise<void> {
  await db
    .updateTable('deployments')
    .set({
      observed_state: 'starting',
      observed_reason: null,
      observed_replica_count: 0,
      observed_ready_count: 0,
    })
    .where('launcher', '=', 'child-process')
    .where('observed_state', 'in', ['ready', 'failed'])
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(selectFrom('replicas').select('id').whereRef('replicas.deployment', '=', 'deployments.name')),
      ),
    )
    .execute();
}
