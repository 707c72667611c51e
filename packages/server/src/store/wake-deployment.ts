import type { Database } from './database.ts';
import type { ReconcileQueue } from './reconcile-queue.ts';

/**
 * Asks for one replica of a deployment that has none. Does nothing when it is deleted, awake or capped at
 * zero.
 */
export async function wakeDeployment(db: Database, queue: ReconcileQueue, name: string): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const woken = await transaction
      .updateTable('deployments')
      .set((eb) => ({ requested_replica_count: 1, generation: eb('generation', '+', 1) }))
      .where('name', '=', name)
      .where('delete_time', 'is', null)
      .where('max_replica_count', '>', 0)
      .where('requested_replica_count', '=', 0)
      .returning('name')
      .executeTakeFirst();
    if (woken) await queue.request({ kind: 'deployment', name }, transaction);
  });
}
