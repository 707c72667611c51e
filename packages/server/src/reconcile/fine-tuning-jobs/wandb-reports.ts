import type { TrainerReport } from '../../launch/trainer-process.ts';
import type { SecretSealer } from '../../secrets/seal.ts';
import type { Database } from '../../store/database.ts';
import { insertJobEvent, readJobMetrics } from '../../store/fine-tuning-events.ts';
import { readJob, type StoredJob, writeWandbUrl } from '../../store/fine-tuning-jobs.ts';
import { readMetrics } from './trainer-metrics.ts';
import { WandbRun } from './wandb-run.ts';

export interface WandbParts {
  readonly db: Database;
  readonly sealer: SecretSealer;
  readonly baseUrl: string;
  readonly onError: (error: Error) => void;
}

/** Passes what trainers say on to Weights & Biases, for jobs that ask for it. Never fails a job. */
export interface WandbReports {
  /** After the report was stored. */
  add(job: string, report: TrainerReport): Promise<void>;
  close(): Promise<void>;
}

export function createWandbReports(parts: WandbParts): WandbReports {
  const runs = new Map<string, WandbRun>();
  const end = async (job: string, exitCode: number | null): Promise<void> => {
    const run = runs.get(job);
    runs.delete(job);
    await run?.finish(exitCode);
  };
  return {
    async add(job, report) {
      switch (report.type) {
        case 'started': {
          const run = await openRun(parts, job);
          if (run !== null) runs.set(job, run);
          return;
        }
        case 'metric':
        case 'eval':
          return runs.get(job)?.log(describeRow(report));
        // Not waited for: a server that does not answer holds nobody up.
        case 'done':
          return void end(job, report.status === 'paused' ? null : report.status === 'cancelled' ? 1 : 0);
        case 'error':
          return void end(job, 1);
      }
    },
    close: async () => {
      await Promise.all([...runs.keys()].map((job) => end(job, null)));
    },
  };
}

async function openRun(parts: WandbParts, name: string): Promise<WandbRun | null> {
  const { db, sealer, baseUrl, onError } = parts;
  const job = await readJob(db, name);
  if (job === null || job.wandbKey === '') return null;
  const warn = (message: string) =>
    void insertJobEvent(db, name, { type: 'message', level: 'warning', message, metrics: null }).catch(
      onError,
    );
  let apiKey: string;
  try {
    apiKey = await sealer.openSecret(job.wandbKey, `${name}/wandbConfig.apiKey`);
  } catch (error) {
    warn(`the key for Weights & Biases cannot be opened: ${(error as Error).message}`);
    return null;
  }
  const { project, entity, runId } = job.spec.wandbConfig ?? {};
  const id = name.split('/').at(-1)!;
  return new WandbRun({
    baseUrl,
    apiKey,
    project: project || 'fine-tuning',
    entity: entity ?? '',
    runId: runId || id,
    displayName: job.spec.displayName || id,
    config: describeConfig(job),
    linesBefore: (await readJobMetrics(db, name)).length,
    onUrl: (url) => void writeWandbUrl(db, name, url).catch(onError),
    onProblem: warn,
  });
}

function describeConfig({ spec }: StoredJob): Record<string, unknown> {
  return {
    base_model: spec.baseModel || spec.warmStartFrom,
    epochs: spec.epochs,
    learning_rate: spec.learningRate,
    lora_rank: spec.loraRank,
    batch_size: spec.batchSize,
    max_context_length: spec.maxContextLength,
  };
}

/** A line of history: names by group, as its charts want them. */
function describeRow(report: TrainerReport): Record<string, unknown> {
  const { step, epoch, trainLoss, trainMeanTokenAccuracy, evalLoss, evalMeanTokenAccuracy, ...rest } =
    readMetrics(report);
  return {
    _step: step,
    _timestamp: Date.now() / 1000,
    ...(epoch === undefined ? {} : { epoch }),
    ...(trainLoss === undefined
      ? { 'eval/loss': evalLoss, 'eval/token_accuracy': evalMeanTokenAccuracy }
      : {
          'train/loss': trainLoss,
          'train/token_accuracy': trainMeanTokenAccuracy,
          'train/learning_rate': rest.learningRate,
          'train/gradient_norm': rest.gradientNorm,
        }),
  };
}
