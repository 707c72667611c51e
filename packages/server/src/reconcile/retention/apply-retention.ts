import type { Database } from '../../store/database.ts';
import { purgeDeployment, readRetentionFacts } from '../../store/deployment-retention.ts';
import { wantOfDeployment } from '../../store/deployments.ts';
import type { ReconcileQueue } from '../../store/reconcile-queue.ts';
import { planRetention, type RetentionStep } from './plan-retention.ts';

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
  const { db, queue, providerAccount, now, onStep } = parts;
  for (const step of planRetention(now(), await readRetentionFacts(db, providerAccount))) {
    if (step.kind === 'delete') {
      await db.transaction().execute(async (transaction) => {
        const purgeTime = new Date(now() + undeleteMs);
        await wantOfDeployment(transaction, step.name, { kind: 'delete', purgeTime });
        await queue.request({ kind: 'deployment', name: step.name }, transaction);
      });
    } else {
      await purgeDeployment(db, step.name);
    }
    onStep(step);
  }
}
