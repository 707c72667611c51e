import { randomUUID } from 'node:crypto';
import { ApiError, checkLegal, invalidField } from '@sparkler/api';
import { supervisedFineTuningJobs as jobs } from '@sparkler/api/resources';
import { reserveTraining } from '../../billing/charge-training.ts';
import { checkMaySpend } from '../../billing/check-may-spend.ts';
import { checkIfMatch } from '../../http/etag.ts';
import { defaultPriceBook } from '../../ledger/price-book.ts';
import { readSecretValue } from '../../secrets/read-secret-value.ts';
import type { Database } from '../../store/database.ts';
import { readJobEvents, type StoredJobEvent } from '../../store/fine-tuning-events.ts';
import {
  insertJob,
  type JobResource,
  listJobs,
  readJob,
  type StoredJob,
  wantOfJob,
} from '../../store/fine-tuning-jobs.ts';
import { isDuplicate } from '../../store/postgres-errors.ts';
import { countDatasetTokens, readBaseOfAddon } from '../../store/training-meters.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { checkJob, wantsWandb } from './check-job.ts';
import { estimateJob } from './estimate-job.ts';
import { signJobUrls } from './metrics-file.ts';

/** Supervised fine-tuning jobs: what is asked of them. The reconciler of their kind does it. */
export function makeFineTuningJobHandlers(context: ControlPlaneContext): HandlersOf<typeof jobs> {
  const { db, queue, now } = context;
  const announce = (name: string, transaction: Database) =>
    queue.request({ kind: 'fine-tuning-job', name }, transaction);

  type Verb = 'cancel' | 'pause' | 'resume';
  async function want(name: string, method: Verb, wanted: StoredJob['wanted']): Promise<StoredJob> {
    return db.transaction().execute(async (transaction) => {
      const current = await requireJob(transaction, name);
      checkLegal(jobs, method, name, current.state);
      if (wanted === 'run') await checkMaySpend(transaction, current.account, now());
      const changed = await wantOfJob(transaction, name, wanted);
      await announce(name, transaction);
      return changed;
    });
  }

  /** As it is shown: with URLs of its metrics and log, which are made anew each time. */
  const show = (resource: JobResource, baseUrl: string): JobResource => ({
    ...resource,
    ...signJobUrls(context, baseUrl, resource.name),
  });

  return {
    async list({ ids, list }, { baseUrl }) {
      const page = await listJobs(db, ids.account, list);
      return { ...page, items: page.items.map((job) => show(job, baseUrl)) };
    },
    get: async ({ name }, { baseUrl }) => show((await requireJob(db, name)).resource, baseUrl),
    async create({ ids, name: parent, id, resource }, { principal, baseUrl }) {
      // Ids begin with a letter; a uuid may not.
      const name = `${parent}/supervisedFineTuningJobs/${id ?? `j-${randomUUID()}`}`;
      await refuseTaken(db, name);
      const spec = await checkJob(context, ids.account, { ...resource, name });
      await checkMaySpend(db, ids.account, now());
      const estimate = await estimateJob(context, spec);
      const wandbKey = await sealKey(context, ids.account, name, resource);
      const order = { ...estimate, createdBy: principal.user, wandbKey };
      const made = await db.transaction().execute(async (transaction) => {
        const inserted = await insertJob(transaction, ids.account, spec, order).catch((error) => {
          if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
          throw error;
        });
        await reserveJob(transaction, inserted, now());
        await announce(name, transaction);
        return inserted;
      });
      return show(made.resource, baseUrl);
    },
    async delete({ name }, { ifMatch }) {
      await db.transaction().execute(async (transaction) => {
        const { resource } = await requireJob(transaction, name);
        checkIfMatch(ifMatch, name, resource);
        await wantOfJob(transaction, name, 'deleted');
        await announce(name, transaction);
      });
    },
    async cancel({ name }) {
      await want(name, 'cancel', 'cancel');
      return {};
    },
    async pause({ name }) {
      await want(name, 'pause', 'pause');
      return {};
    },
    resume: async ({ name }, { baseUrl }) => show((await want(name, 'resume', 'run')).resource, baseUrl),
    getEvents: ({ name, query }) => readEvents(db, name, query.afterSequence || '0'),
  };
}

/** A deleted job is there until its trainer has ended and its files are gone. */
async function refuseTaken(db: Database, name: string): Promise<void> {
  const taken = await readJob(db, name);
  if (taken === null) return;
  const why = taken.isDeleted ? 'is still being deleted: try again in a few seconds' : 'exists already';
  throw new ApiError('ALREADY_EXISTS', `${name} ${why}`);
}

/** Room in the budget for all tokens that the job will see. */
async function reserveJob(
  db: Database,
  { uid, name, account, spec }: StoredJob,
  nowMs: number,
): Promise<void> {
  const datasets = [spec.dataset ?? '', spec.evaluationDataset ?? ''];
  const tokens = await countDatasetTokens(db, datasets);
  const baseModel = spec.baseModel || (await readBaseOfAddon(db, spec.warmStartFrom ?? ''));
  const wish = { uid, job: name, account, baseModel, tokensMax: Math.ceil(tokens * (spec.epochs ?? 1)) };
  if (await reserveTraining(db, defaultPriceBook, wish, nowMs)) return;
  const message =
    `the account ${account} has no room in its budget for ${tokens} tokens times ${spec.epochs} epochs: ` +
    'add credit for a higher tier, raise monthly-spend-usd, or train on less';
  throw new ApiError('FAILED_PRECONDITION', message);
}

/** The key for Weights & Biases as it is stored; empty when nothing goes there. */
async function sealKey(
  context: ControlPlaneContext,
  account: string,
  job: string,
  { wandbConfig }: Partial<JobResource>,
): Promise<string> {
  if (!wandbConfig?.apiKey || !wantsWandb(wandbConfig)) return '';
  const apiKey = await readSecretValue(context, account, 'wandbConfig.apiKey', wandbConfig.apiKey);
  return context.sealer.sealSecret(apiKey, `${job}/wandbConfig.apiKey`);
}

/** Events of one answer; ask again after the last for more. */
const eventsMax = 1000;

async function readEvents(db: Database, name: string, after: string) {
  await requireJob(db, name);
  if (!/^\d{1,18}$/.test(after)) {
    throw invalidField('afterSequence', 'afterSequence is the sequence of an event');
  }
  const events = await readJobEvents(db, name, after, eventsMax);
  const describe = ({ time, metrics, ...event }: StoredJobEvent) => ({
    ...event,
    time: time.toISOString(),
    ...(metrics === null ? {} : { metrics }),
  });
  return { events: events.map(describe) };
}

async function requireJob(db: Database, name: string): Promise<StoredJob> {
  const job = await readJob(db, name);
  if (job === null || job.isDeleted) throw new ApiError('NOT_FOUND', `${name} does not exist`);
  return job;
}
