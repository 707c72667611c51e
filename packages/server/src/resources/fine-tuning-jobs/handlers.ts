import { randomUUID } from 'node:crypto';
import { ApiError, checkLegal } from '@sparkler/api';
import { supervisedFineTuningJobs as jobs } from '@sparkler/api/resources';
import { reserveTraining } from '../../billing/charge-training.ts';
import { checkMaySpend } from '../../billing/check-may-spend.ts';
import { defaultPriceBook } from '../../ledger/price-book.ts';
import type { Database } from '../../store/database.ts';
import { insertJob, listJobs, readJob, type StoredJob, wantOfJob } from '../../store/fine-tuning-jobs.ts';
import { isDuplicate } from '../../store/postgres-errors.ts';
import { countDatasetTokens, readBaseOfAddon } from '../../store/training-meters.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { checkJob } from './check-job.ts';

/** Supervised fine-tuning jobs: what is asked of them. The reconciler of their kind does it. */
export function makeFineTuningJobHandlers({
  db,
  queue,
  settings,
  now,
}: ControlPlaneContext): HandlersOf<typeof jobs> {
  const announce = (name: string, transaction: Database) =>
    queue.request({ kind: 'fine-tuning-job', name }, transaction);

  async function want(
    name: string,
    method: 'cancel' | 'resume',
    wanted: StoredJob['wanted'],
  ): Promise<StoredJob> {
    return db.transaction().execute(async (transaction) => {
      const current = await requireJob(transaction, name);
      checkLegal(jobs, method, name, current.state);
      if (wanted === 'run') await checkMaySpend(transaction, current.account, now());
      const changed = await wantOfJob(transaction, name, wanted);
      await announce(name, transaction);
      return changed;
    });
  }

  return {
    list: ({ ids, list }) => listJobs(db, ids.account, list),
    get: async ({ name }) => (await requireJob(db, name)).resource,
    async create({ ids, name: parent, id, resource }, { principal }) {
      // Ids begin with a letter; a uuid may not.
      const name = `${parent}/supervisedFineTuningJobs/${id ?? `j-${randomUUID()}`}`;
      const spec = await checkJob(db, ids.account, settings.providerAccount, { ...resource, name });
      await checkMaySpend(db, ids.account, now());
      const made = await db.transaction().execute(async (transaction) => {
        const inserted = await insertJob(transaction, ids.account, spec, principal.user).catch((error) => {
          if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
          throw error;
        });
        await reserveJob(transaction, inserted, now());
        await announce(name, transaction);
        return inserted;
      });
      return made.resource;
    },
    async delete({ name }) {
      await db.transaction().execute(async (transaction) => {
        await requireJob(transaction, name);
        await wantOfJob(transaction, name, 'deleted');
        await announce(name, transaction);
      });
    },
    async cancel({ name }) {
      await want(name, 'cancel', 'cancel');
      return {};
    },
    resume: async ({ name }) => (await want(name, 'resume', 'run')).resource,
  };
}

/** Room in the budget for all tokens that the job will see. */
async function reserveJob(db: Database, { name, account, spec }: StoredJob, nowMs: number): Promise<void> {
  const datasets = [spec.dataset ?? '', spec.evaluationDataset ?? ''];
  const tokens = await countDatasetTokens(db, datasets);
  const baseModel = spec.baseModel || (await readBaseOfAddon(db, spec.warmStartFrom ?? ''));
  const wish = { job: name, account, baseModel, tokensMax: Math.ceil(tokens * (spec.epochs ?? 1)) };
  if (await reserveTraining(db, defaultPriceBook, wish, nowMs)) return;
  const message =
    `the account ${account} has no room in its budget for ${tokens} tokens times ${spec.epochs} epochs: ` +
    'add credit for a higher tier, raise monthly-spend-usd, or train on less';
  throw new ApiError('FAILED_PRECONDITION', message);
}

async function requireJob(db: Database, name: string): Promise<StoredJob> {
  const job = await readJob(db, name);
  if (job === null || job.isDeleted) throw new ApiError('NOT_FOUND', `${name} does not exist`);
  return job;
}
