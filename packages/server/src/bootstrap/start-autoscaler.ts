import type { Logger } from 'pino';
import type { DeploymentLoads } from '../inference/deployment-loads.ts';
import { Autoscaler } from '../reconcile/autoscale/autoscaler.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../store/database.ts';
import type { ReconcileQueue } from '../store/reconcile-queue.ts';
import type { StopList } from './stop-list.ts';

const lookMs = 5_000;

/** Looks at the load of this process's gateway every few seconds. Gateways elsewhere do not count yet. */
export function startAutoscaler(
  parts: {
    readonly settings: Settings;
    readonly db: Database;
    readonly queue: ReconcileQueue;
    readonly loads: DeploymentLoads;
    readonly log: Logger;
  },
  stops: StopList,
): void {
  const { settings, db, queue, loads, log } = parts;
  const autoscaler = new Autoscaler({
    db,
    queue,
    loads,
    slotsPerReplica: settings.engineSequences,
    now: Date.now,
    onChange: (deployment, replicas, reason) => log.info({ deployment, replicas, reason }, 'scaled'),
  });
  const look = (): void => {
    autoscaler
      .look()
      .catch((error) => log.warn({ err: error }, 'the load could not be looked at; the next look does'));
  };
  const timer = setInterval(look, lookMs).unref();
  stops.add('autoscaler', async () => clearInterval(timer));
}
