import type { Database } from '../../store/database.ts';
import {
  type JobResource,
  listOpenJobs,
  readJob,
  removeJob,
  type StoredJob,
  writeJobObserved,
} from '../../store/fine-tuning-jobs.ts';
import type { ReconcileQueue } from '../../store/reconcile-queue.ts';
import type { ReconcileOutcome } from '../../store/reconcile-results.ts';
import type { Reconciler } from '../reconciler.ts';
import {
  type JobObservation,
  type JobPlan,
  type JobState,
  type JobStep,
  planJob,
  planRefusedResult,
} from './plan.ts';
import { recordReport } from './record-report.ts';
import { createReportQueue } from './report-queue.ts';
import { type FreeMemory, type JobFiles, planTrainerConfig, type TrainerWorker } from './trainer-config.ts';
import { TrainerHost } from './trainer-host.ts';
import { createWandbReports, type WandbParts } from './wandb-reports.ts';

/** What jobs need of the rest of the platform. */
export interface JobSupport {
  /** Whether a dataset can be read, and where. */
  findDataset(name: string): Promise<'pending' | { readonly path: string } | { readonly problem: string }>;
  /** Whether the files of a base model are on this host. */
  findBase(
    model: string,
  ): Promise<'absent' | 'fetching' | { readonly gguf: string } | { readonly problem: string }>;
  fetchBase(model: string): Promise<void>;
  /** Base model and PEFT folder of an adapter. */
  findAdapter(
    model: string,
  ): Promise<{ readonly base: string; readonly folder: string } | { readonly problem: string }>;
  /**
   * Makes the model that the job promised from a folder with the adapter. Repeatable. Answers with what is in
   * the way, or null.
   */
  registerAdapter(job: StoredJob, base: string, folder: string): Promise<string | null>;
}

export interface FineTuningParts {
  readonly db: Database;
  readonly queue: ReconcileQueue;
  readonly support: JobSupport;
  readonly jobsFolder: string;
  readonly threads: number;
  /** What a trainer that starts now could take. */
  readFreeMemory(): FreeMemory;
  /** Null: the embedded trainer. */
  readonly worker: TrainerWorker | null;
  readonly wandb: Pick<WandbParts, 'sealer' | 'baseUrl'>;
  readonly onError: (error: Error) => void;
}

export interface FineTuningReconciler extends Reconciler {
  /** Pauses running trainers: another server leads, and goes on with their jobs. */
  yield(): void;
  /** Pauses running trainers; the next start goes on. */
  close(): Promise<void>;
}

const closeGraceMs = 5_000;
const lookAgainMs = 2_000;

/** Brings fine-tuning jobs to their end: data, base model, trainer, adapter. */
export function createFineTuningReconciler(parts: FineTuningParts): FineTuningReconciler {
  const { db, queue, onError } = parts;
  const request = (name: string) => queue.request({ kind: 'fine-tuning-job', name }).catch(onError);
  const wandb = createWandbReports({ db, onError, ...parts.wandb });
  const reports = createReportQueue(async (job, report) => {
    await recordReport(db, job, report, host.folderOf(job));
    await wandb.add(job, report);
  }, onError);
  const host = new TrainerHost({
    folder: parts.jobsFolder,
    onChange: (job) => void request(job),
    onReport: (job, report) => reports.add(job, report),
  });
  return {
    kind: 'fine-tuning-job',
    listNames: () => listOpenJobs(db),
    async reconcile(name) {
      const job = await readJob(db, name);
      if (job === null) return settled(0);
      // What the trainer said last is written before its end is looked at: what it costs is taken from it.
      await reports.idle(name);
      // Somebody resumed it: how its last trainer ended no longer counts.
      if (job.state === 'JOB_STATE_RE_QUEUEING') host.forgetEnd(name);
      const files = await findFiles(parts.support, job.spec);
      const plan = planJob(observe(job, files, host));
      const problem = await applySteps(plan, { parts, host, job, files });
      const outcome = problem === null ? plan : planRefusedResult(problem);
      if (!plan.steps.includes('remove')) await writeJobObserved(db, job, toObserved(outcome));
      return toOutcome(job.generation, outcome);
    },
    yield: () => host.yield(),
    async close() {
      await host.close(closeGraceMs);
      await wandb.close();
    },
  };
}

interface FoundFiles {
  readonly dataset: JobObservation['dataset'];
  readonly weights: JobObservation['weights'];
  readonly base: string;
  /** Present when everything is there. */
  readonly files: JobFiles | null;
}

async function findFiles(support: JobSupport, job: JobResource): Promise<FoundFiles> {
  const train = await support.findDataset(job.dataset!);
  const evaluation = job.evaluationDataset ? await support.findDataset(job.evaluationDataset) : null;
  const parent = job.warmStartFrom ? await support.findAdapter(job.warmStartFrom) : null;
  if (parent !== null && 'problem' in parent)
    return { dataset: 'ready', weights: parent, base: '', files: null };
  const base = parent?.base ?? job.baseModel!;
  const weights = await support.findBase(base);
  const data = [train, ...(evaluation === null ? [] : [evaluation])];
  const problem = data.find((found) => typeof found === 'object' && 'problem' in found);
  const dataset = data.includes('pending') ? 'pending' : 'ready';
  const isReady =
    problem === undefined && dataset === 'ready' && typeof weights === 'object' && 'gguf' in weights;
  const pathOf = (found: typeof train): string => (found as { path: string }).path;
  return {
    dataset: (problem as { problem: string } | undefined) ?? dataset,
    weights: typeof weights === 'object' && 'gguf' in weights ? 'ready' : weights,
    base,
    files: isReady
      ? {
          baseGguf: weights.gguf,
          baseName: base,
          trainData: pathOf(train),
          evaluationData: evaluation === null ? null : pathOf(evaluation),
          warmStart: parent?.folder ?? null,
        }
      : null,
  };
}

function observe(job: StoredJob, found: FoundFiles, host: TrainerHost): JobObservation {
  const isSuspended = job.isSuspended && job.wanted === 'run';
  return {
    wanted: isSuspended ? 'pause' : job.wanted,
    isSuspended,
    isDeleted: job.isDeleted,
    state: job.state as JobState,
    dataset: found.dataset,
    weights: found.weights,
    trainer: host.state(job.name),
    isHostBusy: host.isBusyWithout(job.name),
    restartCount: job.restartCount,
  };
}

interface StepParts {
  readonly parts: FineTuningParts;
  readonly host: TrainerHost;
  readonly job: StoredJob;
  readonly files: FoundFiles;
}

/** Does what is planned. Answers with what is in the way of the result, or null. */
async function applySteps(plan: JobPlan, step: StepParts): Promise<string | null> {
  for (const name of plan.steps) {
    if (name !== 'register-result') {
      await applyStep(name, step);
      continue;
    }
    const { parts, host, job, files } = step;
    await writeJobObserved(parts.db, job, toObserved({ ...plan, state: 'JOB_STATE_WRITING_RESULTS' }));
    const problem = await parts.support.registerAdapter(job, files.base, `${host.folderOf(job.name)}/out`);
    if (problem !== null) return problem;
  }
  return null;
}

async function applyStep(
  step: Exclude<JobStep, 'register-result'>,
  { parts, host, job, files }: StepParts,
): Promise<void> {
  switch (step) {
    case 'fetch-weights':
      return parts.support.fetchBase(files.base);
    case 'start-trainer':
      return host.start(
        job.name,
        planTrainerConfig(job.spec, files.files!, parts.threads, parts.worker, parts.readFreeMemory()),
      );
    case 'cancel-trainer':
      return host.cancel(job.name);
    case 'pause-trainer':
      return host.pause(job.name);
    case 'remove':
      await host.remove(job.name);
      return removeJob(parts.db, job.name);
  }
}

const restingStates = new Set(
  ['COMPLETED', 'EARLY_STOPPED', 'FAILED', 'CANCELLED'].map((word) => `JOB_STATE_${word}`),
);

function toObserved(plan: JobPlan) {
  const { state, code, message, isRestart } = plan;
  return { state, code, message, isRestart, isResting: restingStates.has(state) };
}

function toOutcome(generation: number, plan: JobPlan): ReconcileOutcome {
  const isSettled = restingStates.has(plan.state) || plan.state === 'JOB_STATE_PAUSED';
  return {
    generation,
    outcome: isSettled ? 'settled' : 'progressing',
    details: plan.steps,
    reason: plan.message === '' ? null : plan.message,
    // A running trainer calls by itself; waiting for data, weights or the host is looked at again.
    lookAgainMs: isSettled || plan.state === 'JOB_STATE_RUNNING' ? null : lookAgainMs,
  };
}

function settled(generation: number): ReconcileOutcome {
  return { generation, outcome: 'settled', details: [], reason: null, lookAgainMs: null };
}
