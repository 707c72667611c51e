import type { Database } from '../../store/database.ts';
import { undeployIdleAddons } from '../../store/deployed-models.ts';
import type { ReconcileQueue } from '../../store/reconcile-queue.ts';

/** Spec, "Loading to serverless": unused addons may be unloaded after a week. */
const IDLE_MS_MAX = 7 * 24 * 3_600_000;

export interface IdleAddonParts {
  readonly db: Database;
  readonly queue: ReconcileQueue;
  readonly now: () => number;
  /** Told of each addon, for the log. */
  readonly onUnload: (deployedModel: string) => void;
}

/**
 * Unloads addons from shared deployments on which nobody asked them for a week. On a deployment of the
 * account itself they stay: its owner pays for the room. One look at everything; several servers may do it.
 */
export async function unloadIdleAddons({ db, queue, now, onUnload }: IdleAddonParts): Promise<void> {
  const names = await db.transaction().execute(async (transaction) => {
    const unloaded = await undeployIdleAddons(transaction, new Date(now() - IDLE_MS_MAX));
    for (const name of unloaded) await queue.request({ kind: 'deployed-model', name }, transaction);
    return unloaded;
  });
  names.forEach(onUnload);
}
