import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { ReconcileQueue } from './reconcile-queue.ts';

/** A deployment that may have more or fewer replicas by its load. */
export interface ScalableDeployment {
  readonly name: string;
  readonly minReplicaCount: number;
  /** With those on capacity that can be taken back. */
  readonly maxReplicaCount: number;
  readonly requestedReplicaCount: number | null;
  readonly autoscalingPolicy: Readonly<Record<string, unknown>> | null;
}

export async function readScalableDeployments(db: Database): Promise<ScalableDeployment[]> {
  const { rows } = await sql<ScalableDeployment>`
    select name, min_replica_count as "minReplicaCount", requested_replica_count as "requestedReplicaCount",
      autoscaling_policy as "autoscalingPolicy",
      greatest(max_replica_count, (details ->> 'maxWithRevocableReplicaCount')::integer) as "maxReplicaCount"
    from deployments
    where delete_time is null and (min_replica_count < max_replica_count or min_replica_count = 0)`.execute(
    db,
  );
  return rows;
}

/** Asks for another count of replicas, unless somebody else did meanwhile: then false. */
export function requestReplicas(
  db: Database,
  queue: ReconcileQueue,
  { name, requestedReplicaCount }: ScalableDeployment,
  replicas: number,
): Promise<boolean> {
  return db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ name: string }>`
      update deployments set requested_replica_count = ${replicas}, generation = generation + 1
      where name = ${name} and delete_time is null
        and requested_replica_count is not distinct from ${requestedReplicaCount} returning name`.execute(
      transaction,
    );
    if (rows.length > 0) await queue.request({ kind: 'deployment', name }, transaction);
    return rows.length > 0;
  });
}
