import type { Database } from './database.ts';
import type { ReconcileRequest } from './reconcile-queue.ts';

/** What one run found and did. */
export interface ReconcileOutcome {
  /** Generation of the resource that the run looked at; 0 when it is gone. */
  readonly generation: number;
  /** settled: reality is as wanted. progressing: something was begun and will call for another run. */
  readonly outcome: 'settled' | 'progressing';
  /** What was decided, in sentences. */
  readonly details: readonly string[];
  /** Why it is not settled, for people. */
  readonly reason: string | null;
  /** When to look again even if nothing calls. */
  readonly lookAgainMs: number | null;
}

/** The last run for each resource, written for people. */
export interface ReconcileResults {
  write(request: ReconcileRequest, outcome: ReconcileOutcome, durationMs: number): Promise<void>;
  /** Returns how many runs in a row have failed now. */
  writeFailure(request: ReconcileRequest, reason: string, durationMs: number): Promise<number>;
}

export function createReconcileResults(db: Database): ReconcileResults {
  /** Counted here: the database may be the very thing that fails. */
  const failures = new Map<string, number>();
  return {
    async write(request, { generation, outcome, details, reason }, durationMs) {
      failures.delete(`${request.kind}:${request.name}`);
      const result = { generation, outcome, reason, failure_count: 0, duration_ms: durationMs };
      await upsert(db, request, { ...result, details: JSON.stringify(details) });
    },
    async writeFailure(request, reason, durationMs) {
      const key = `${request.kind}:${request.name}`;
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      const result = { generation: 0, outcome: 'failed' as const, reason, duration_ms: durationMs };
      await upsert(db, request, { ...result, failure_count: count, details: '[]' }).catch(() => undefined);
      return count;
    },
  };
}

interface ResultColumns {
  readonly generation: number;
  readonly outcome: 'settled' | 'progressing' | 'failed';
  readonly details: string;
  readonly reason: string | null;
  readonly failure_count: number;
  readonly duration_ms: number;
}

async function upsert(db: Database, { kind, name }: ReconcileRequest, columns: ResultColumns): Promise<void> {
  const values = { ...columns, run_time: new Date() };
  await db
    .insertInto('reconcile_results')
    .values({ kind, name, ...values })
    .onConflict((conflict) => conflict.columns(['kind', 'name']).doUpdateSet(values))
    .execute();
}
