import { sql } from 'kysely';
import type { Database } from '../../store/database.ts';
import { wantOfDeployment } from '../../store/deployments.ts';
import type { ReconcileQueue } from '../../store/reconcile-queue.ts';
import { planRetention, type RetentionFacts, type RetentionStep } from './plan-retention.ts';

export interface RetentionParts {
  readonly db: Database;
  readonly queue: ReconcileQueue;
  readonly providerAccount: string;
  readonly now: () => number;
  /** Told of each, for the log. */
  readonly onStep: (step: RetentionStep) => void;
}

/** How long a deployment that went by itself can be brought back. */
const undeleteMs = 7 * 24 * 3_600_000;

/** One look at all deployments: deletes and purges those whose time is over. May be repeated. */
export async function applyRetention(parts: RetentionParts): Promise<void> {
  const { db, queue, now, onStep } = parts;
  for (const step of planRetention(now(), await readFacts(parts))) {
    if (step.kind === 'delete') {
      await db.transaction().execute(async (transaction) => {
        const purgeTime = new Date(now() + undeleteMs);
        await wantOfDeployment(transaction, step.name, { kind: 'delete', purgeTime });
        await queue.request({ kind: 'deployment', name: step.name }, transaction);
      });
    } else {
      await sql`delete from deployments where name = ${step.name} and delete_time is not null
        and observed_state = 'deleted'`.execute(db);
    }
    onStep(step);
  }
}

async function readFacts({ db, providerAccount }: RetentionParts): Promise<RetentionFacts[]> {
  const { rows } = await sql<RetentionFacts>`
    select name, account = ${providerAccount} as "isProviders", min_replica_count as "minReplicaCount",
      (extract(epoch from greatest(create_time, update_time)) * 1000)::float8 as "touchTimeMs",
      (select extract(epoch from max(last_request_time)) * 1000 from gateway_loads
        where deployment = deployments.name)::float8 as "lastRequestTimeMs",
      (extract(epoch from expire_time) * 1000)::float8 as "expireTimeMs",
      (extract(epoch from purge_time) * 1000)::float8 as "purgeTimeMs",
      observed_state = 'deleted' as "isGone"
    from deployments`.execute(db);
  return rows;
}
