import type { Logger } from 'pino';
import { createGatewayWatch } from '../billing/settle-gone-gateways.ts';
import type { Launcher } from '../launch/launcher.ts';
import { Autoscaler } from '../reconcile/autoscale/autoscaler.ts';
import type { DriverParts } from '../reconcile/driver.ts';
import type { FineTuningReconciler } from '../reconcile/fine-tuning-jobs/reconciler.ts';
import { applyRetention } from '../reconcile/retention/apply-retention.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../store/database.ts';
import { forgetOtherNodes } from '../store/deployment-observed.ts';
import type { ReconcileQueue } from '../store/reconcile-queue.ts';
import type { HostNotes } from './open-host-room.ts';

const scaleMs = 5_000;
const retentionMs = 60_000;
const hostMs = 5_000;
const gatewaysMs = 5_000;

/**
 * What the process that leads does by the clock: scaling deployments, and ending those whose time is over.
 */
export function createLeaderWork(parts: {
  readonly settings: Settings;
  readonly db: Database;
  readonly queue: ReconcileQueue;
  readonly launcher: Launcher;
  readonly fineTuning: Pick<FineTuningReconciler, 'yield'>;
  readonly node: string;
  readonly log: Logger;
  /** Left out: replicas run on no host of ours. */
  readonly hostNotes?: HostNotes;
}): NonNullable<DriverParts['whileLeading']> {
  const { settings, db, queue, launcher, fineTuning, node, log, hostNotes } = parts;
  const { providerAccount } = settings;
  const now = Date.now;
  let timers: NodeJS.Timeout[] = [];
  const repeat = (everyMs: number, what: string, look: () => Promise<void>): NodeJS.Timeout =>
    setInterval(
      () =>
        void look().catch((error) =>
          log.warn({ err: error }, `${what} could not be looked at; the next look does`),
        ),
      everyMs,
    ).unref();
  const beginNotes = async (): Promise<void> => {
    try {
      await hostNotes?.begin();
      await hostNotes?.note();
    } catch (error) {
      log.warn({ err: error }, 'this host could not be looked at; the next look does');
    }
  };
  return {
    async start() {
      await forgetOtherNodes(db, node);
      // Anew for each time of leading: what was counted meanwhile is somebody else's.
      const autoscaler = new Autoscaler({
        db,
        queue,
        slotsPerReplica: settings.engineSequences,
        now,
        onChange: (deployment, replicas, reason) => log.info({ deployment, replicas, reason }, 'scaled'),
      });
      const onStep = ({ kind, name }: { kind: string; name: string }) =>
        log.info({ kind, deployment: name }, 'the time of a deployment is over');
      timers = [
        repeat(scaleMs, 'the load', () => autoscaler.look()),
        repeat(retentionMs, 'unused deployments', () =>
          applyRetention({ db, queue, providerAccount, now, onStep }),
        ),
        repeat(gatewaysMs, 'gateways', createGatewayLook({ settings, db, log })),
        ...(hostNotes === undefined ? [] : [repeat(hostMs, 'this host', () => hostNotes.note())]),
      ];
      // Not awaited: the driver's program may take its time, and replicas need not wait for it.
      void beginNotes();
    },
    stop() {
      for (const timer of timers) clearInterval(timer);
      timers = [];
    },
    async yield() {
      fineTuning.yield();
      await launcher.close();
    },
  };
}

/** Gateways that never come back; one look at a time. */
function createGatewayLook({
  settings,
  db,
  log,
}: {
  readonly settings: Settings;
  readonly db: Database;
  readonly log: Logger;
}): () => Promise<void> {
  const watch = createGatewayWatch({
    db,
    goneAfterMs: settings.gatewayGoneAfterMs,
    nowMs: () => performance.now(),
    onProblem: (text, error) => log.warn({ err: error }, text),
    onSettled: (gateway, settled) =>
      log.warn({ gateway, ...settled }, 'settled for a gateway that is gone, and gave back what it held'),
  });
  let looking: Promise<void> | null = null;
  return () => {
    looking ??= watch.look().finally(() => {
      looking = null;
    });
    return looking;
  };
}
