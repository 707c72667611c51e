import type { ServerContext } from '../http/context.ts';
import type { Database } from '../store/database.ts';
import type { ReconcileQueue } from '../store/reconcile-queue.ts';

/** What handlers of resources get besides what every request handler gets. */
export interface ControlPlaneContext extends ServerContext {
  readonly db: Database;
  /** Where a changed resource is announced to its reconciler, within the transaction that changes it. */
  readonly queue: ReconcileQueue;
}
