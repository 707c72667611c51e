import type { JobResource } from '../../store/fine-tuning-jobs.ts';

/** Files on this host that a job works with. */
export interface JobFiles {
  readonly baseGguf: string;
  readonly baseName: string;
  readonly trainData: string;
  readonly evaluationData: string | null;
  /** PEFT folder of the adapter to go on from. */
  readonly warmStart: string | null;
}

/** The Python trainer of this host. */
export interface TrainerWorker {
  readonly python: string;
  readonly device: 'cuda' | 'cpu';
  /** Of a job with isTurbo; 0: one a GPU. */
  readonly processes: number;
}

/** What this host has free, and how that comes about. */
export interface FreeMemory {
  readonly bytes: number;
  readonly arithmetic: string;
}

/** A trainer's config.json (packages/trainer/src/run/trainer-config.ts). Pure; no secret gets in. */
export function planTrainerConfig(
  job: JobResource,
  files: JobFiles,
  threads: number,
  worker: TrainerWorker | null = null,
  freeMemory: FreeMemory | null = null,
): object {
  const rank = job.loraRank ?? 8;
  return {
    v: 1,
    jobId: job.name.split('/').at(-1),
    base: { gguf: files.baseGguf, name: files.baseName },
    warmStart: files.warmStart,
    // alpha is twice the rank, as the platform's own adapters have it.
    lora: { rank, alpha: 2 * rank },
    train: {
      epochs: job.epochs,
      learningRate: job.learningRate,
      warmupSteps: job.learningRateWarmupSteps,
      batchTokens: job.batchSize,
      accumulationSteps: job.gradientAccumulationSteps,
      maxContextTokens: job.maxContextLength,
      weightDecay: job.optimizerWeightDecay ?? 0,
      clipNorm: 1,
      seed: 0,
    },
    // Two evaluations without gain: one alone may be noise.
    evaluation: { everySteps: 10, patience: job.earlyStop === true ? 2 : null },
    checkpoint: { everySteps: 20, keep: 2 },
    data: {
      train: files.trainData,
      evaluation: files.evaluationData,
      carveOut: files.evaluationData === null && job.evalAutoCarveout === true,
      chatTemplate: job.jinjaTemplate || null,
    },
    threads,
    precision: 'bf16',
    // The Python trainer's memory is a GPU's.
    ...(freeMemory === null || worker !== null ? {} : { freeMemory }),
    ...(worker === null
      ? {}
      : { worker: { ...worker, processes: job.isTurbo === true ? worker.processes : 1, strategy: 'auto' } }),
  };
}
