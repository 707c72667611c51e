import type { Logger } from 'pino';
import type { Leadership } from '../store/leadership.ts';
import type { ReconcileQueue, ReconcileRequest } from '../store/reconcile-queue.ts';
import type { ReconcileResults } from '../store/reconcile-results.ts';
import type { Reconciler } from './reconciler.ts';

export interface DriverParts {
  readonly reconcilers: readonly Reconciler[];
  readonly queue: ReconcileQueue;
  readonly leadership: Leadership;
  readonly results: ReconcileResults;
  readonly log: Logger;
  /** Also done by the one process that leads, and by no other. */
  readonly whileLeading?: {
    /** Before the first run. */
    start(): Promise<void>;
    stop(): void;
    /** Somebody else leads: nothing of ours may go on. Told repeatedly. */
    yield(): Promise<void>;
  };
}

export interface ReconcileDriver {
  close(): Promise<void>;
}

/** Everything is looked at this often, in case a request was lost. */
const sweepMs = 30_000;
const backOffMs = { first: 500, max: 60_000 };

/** Delay before a run that failed `failureCount` times in a row is repeated. Pure. */
export function deriveBackOffMs(failureCount: number): number {
  return Math.min(backOffMs.first * 2 ** Math.min(failureCount - 1, 20), backOffMs.max);
}

/**
 * Takes names from the queue and runs their reconciler, one run a name at a time, while this process is the
 * leader. Delays live in memory, not in the queue: a new request then never waits behind a back-off, and
 * after a crash the first sweep looks at everything anyway.
 */
export function startDriver({
  reconcilers,
  queue,
  leadership,
  results,
  log,
  whileLeading,
}: DriverParts): ReconcileDriver {
  const byKind = new Map(reconcilers.map((reconciler) => [reconciler.kind, reconciler]));
  const delayed = createDelayedRequests(queue, log);
  let sweepTimer: NodeJS.Timeout | undefined;

  async function run(request: ReconcileRequest): Promise<void> {
    const reconciler = byKind.get(request.kind);
    if (!reconciler) return log.warn(request, 'no reconciler for this kind');
    const startTime = performance.now();
    try {
      const outcome = await reconciler.reconcile(request.name);
      if (outcome.details.length > 0) log.info({ ...request, details: outcome.details }, 'reconciled');
      await results.write(request, outcome, Math.round(performance.now() - startTime));
      if (outcome.lookAgainMs !== null) delayed.request(request, outcome.lookAgainMs);
    } catch (error) {
      const reason = (error as Error).message;
      const failureCount = await results.writeFailure(
        request,
        reason,
        Math.round(performance.now() - startTime),
      );
      log.error({ err: error, ...request, failureCount }, 'a reconcile run failed');
      delayed.request(request, deriveBackOffMs(failureCount));
    }
  }

  async function sweep(): Promise<void> {
    for (const reconciler of reconcilers) {
      for (const name of await reconciler.listNames()) await queue.request({ kind: reconciler.kind, name });
    }
  }

  const trySweep = () =>
    sweep().catch((error) => log.warn({ err: error }, 'the sweep failed; the next one repeats it'));

  async function begin(): Promise<void> {
    await whileLeading?.start();
    await queue.work(run);
    await trySweep();
    sweepTimer = setInterval(trySweep, sweepMs).unref();
  }

  async function end(): Promise<void> {
    whileLeading?.stop();
    clearInterval(sweepTimer);
    delayed.clear();
    await queue.pause();
  }

  const onFollowing = async () => whileLeading?.yield();
  const stopFollowing = leadership.follow({ onGained: begin, onLost: end, onFollowing });
  return {
    async close() {
      await stopFollowing();
    },
  };
}

/** Requests that wait in memory; a later one for the same name replaces the earlier. */
function createDelayedRequests(queue: ReconcileQueue, log: Logger) {
  const timers = new Map<string, NodeJS.Timeout>();
  return {
    request(request: ReconcileRequest, delayMs: number): void {
      const key = `${request.kind}:${request.name}`;
      clearTimeout(timers.get(key));
      const send = () => {
        timers.delete(key);
        queue.request(request).catch((error) => {
          log.warn(
            { err: error, ...request },
            'a reconcile request could not be queued; the next sweep repeats it',
          );
        });
      };
      timers.set(key, setTimeout(send, delayMs).unref());
    },
    clear(): void {
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
