import type { Database } from '../../store/database.ts';
import { listOpenModelJobs, moveModelJob, readModelJob } from '../../store/model-jobs.ts';
import type { ReconcileOutcome } from '../../store/reconcile-results.ts';
import type { Reconciler } from '../reconciler.ts';
import { failModelJob, type JobParts, runModelJob } from './run-model-job.ts';

export interface ModelJobsReconciler extends Reconciler {
  /** Ends what runs; it begins again with the next server. */
  close(): Promise<void>;
}

export interface ModelJobsParts extends JobParts {
  readonly db: Database;
  readonly onError: (error: Error, job: string) => void;
}

/** Jobs at once. Each takes a core, and the memory of its largest matrix. */
const RUNNING_MAX = 1;
/** When a job that waits for another is looked at again. */
const WAIT_MS = 2_000;

const settled: ReconcileOutcome = {
  generation: 0,
  outcome: 'settled',
  details: [],
  reason: null,
  lookAgainMs: null,
};

/**
 * Carries out jobs on models in the background of this process. A job that died with its server runs again
 * from its beginning: what it had written lies under a prefix of its own that nothing names.
 */
export function createModelJobsReconciler(parts: ModelJobsParts): ModelJobsReconciler {
  const running = new Map<string, Promise<void>>();
  const closing = new AbortController();

  async function run(name: string): Promise<void> {
    try {
      const job = await readModelJob(parts.db, name);
      if (job !== null) await runModelJob(job, parts, closing.signal);
    } catch (error) {
      if (closing.signal.aborted) return;
      parts.onError(error as Error, name);
      await failModelJob(parts.db, name, (error as Error).message).catch((cause) =>
        parts.onError(cause as Error, name),
      );
    }
  }

  return {
    kind: 'model-job',
    listNames: () => listOpenModelJobs(parts.db),
    async reconcile(name) {
      const progressing: ReconcileOutcome = { ...settled, outcome: 'progressing' };
      if (running.has(name)) return progressing;
      const job = await readModelJob(parts.db, name);
      if (job === null || job.state === 'completed' || job.state === 'failed') return settled;
      if (running.size >= RUNNING_MAX) {
        return { ...progressing, reason: 'waits for another job on this server', lookAgainMs: WAIT_MS };
      }
      await moveModelJob(parts.db, name, 'running');
      running.set(
        name,
        run(name).finally(() => running.delete(name)),
      );
      return { ...progressing, details: [`begin to ${job.kind}`] };
    },
    async close() {
      closing.abort(new Error('the server is stopping'));
      await Promise.all(running.values());
    },
  };
}
