import { ApiError } from '@sparkler/api';
import type { supervisedFineTuningJobs } from '@sparkler/api/resources';
import { toMoney } from '../../ledger/money.ts';
import { type JobResource, readTrainingSpeed } from '../../store/fine-tuning-jobs.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { checkJob } from './check-job.ts';
import { estimateJob, type JobEstimate } from './estimate-job.ts';
import { estimateTrainingSpeed } from './estimate-training-speed.ts';

/** What the trainer tells of a job without running it (packages/trainer/src/process/preview-job.ts). */
export interface TrainerPreview {
  readonly report: {
    readonly rows: number;
    readonly tokens: number;
  } & Readonly<Record<string, unknown>>;
  readonly isCut: boolean;
  readonly samples: readonly (readonly { readonly text: string; readonly supervised: boolean }[])[];
  readonly epochTokens: number;
  readonly steps: number;
  /** What a thread of this host was measured to compute, operations a second. */
  readonly flopsPerThread: number;
}

/** Runs the trainer's look at a job. Rejects with ApiError when data or model cannot be used. */
export type PreviewJob = (job: JobResource, baseModel: string, samplesMax: number) => Promise<TrainerPreview>;

const samplesShown = 3;

/** Report, samples, price and time of a job that is not created. */
export function makePreviewHandler(
  context: ControlPlaneContext,
): Pick<HandlersOf<typeof supervisedFineTuningJobs>, 'preview'> {
  return {
    async preview({ ids, name: parent, body }) {
      const wanted = { ...body, name: `${parent}/supervisedFineTuningJobs/preview` } as JobResource;
      const job = await checkJob(context, ids.account, wanted);
      const estimate = await estimateJob(context, job);
      const preview = await requirePreview(context)(job, estimate.baseModel, samplesShown);
      return describe(job, estimate, preview, await readSpeed(context, job, estimate, preview));
    },
  };
}

function requirePreview({ previewJob }: ControlPlaneContext): PreviewJob {
  if (previewJob !== undefined) return previewJob;
  throw new ApiError('UNIMPLEMENTED', 'this server has no trainer; ask one that runs fine-tuning jobs');
}

async function readSpeed(
  { db, trainerThreads = 1 }: ControlPlaneContext,
  job: JobResource,
  { parameters }: JobEstimate,
  { flopsPerThread }: TrainerPreview,
): Promise<number> {
  const measured = job.baseModel ? await readTrainingSpeed(db, job.baseModel) : null;
  return measured ?? estimateTrainingSpeed({ flopsPerThread, threads: trainerThreads, parameters });
}

function describe(job: JobResource, estimate: JobEstimate, preview: TrainerPreview, tokensPerSecond: number) {
  const { report, isCut, samples, epochTokens, steps } = preview;
  const scale = isCut && report.rows > 0 ? Math.max(1, estimate.exampleCount / report.rows) : 1;
  const trainedTokens = Math.round(epochTokens * job.epochs! * scale);
  return {
    report: { ...report, tokens: String(report.tokens) },
    isPartial: isCut,
    samples: samples.map((segments) => ({ segments: [...segments] })),
    steps: Math.ceil(steps * scale),
    trainedTokens: String(trainedTokens),
    estimatedCost: toMoney(BigInt(estimate.priceNanos) * BigInt(trainedTokens)),
    estimatedDuration: `${Math.ceil(trainedTokens / tokensPerSecond)}s`,
  };
}
