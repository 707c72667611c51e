import { appendFileSync, existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInitialAdapter } from '../adapter/initial-adapter.ts';
import { readPeftParameters, writeAdapterFiles } from '../adapter/write-adapter.ts';
import { type PreparedData, prepareData } from '../data/prepare-data.ts';
import { loadTrainableModel } from '../model/load-model.ts';
import type { TrainableModel } from '../model/trainable-model.ts';
import { checkMemory } from '../run/check-memory.ts';
import { type RunControl, runTraining, type TrainingOutcome } from '../run/run-training.ts';
import type { TrainerConfig } from '../run/trainer-config.ts';
import { type EmitEvent, TrainerError } from './events.ts';
import { openJobVocabulary } from './job-vocabulary.ts';

export interface Job {
  readonly config: TrainerConfig;
  readonly folder: string;
  readonly resume: boolean;
  readonly control: RunControl;
  readonly emit: EmitEvent;
}

/** A job from files to files: data, training, adapter. Returns how it ended. Throws TrainerError. */
export async function runJob(job: Job): Promise<TrainingOutcome['status']> {
  const { config, emit } = job;
  const data = await prepareJobData(config);
  emit({ type: 'report', report: data.report });
  await checkMemory(config, data);
  const model = await loadTrainableModel({
    path: config.base.gguf,
    rank: config.lora.rank,
    alpha: config.lora.alpha,
    threads: config.threads,
    precision: config.precision,
    onProgress: () => undefined,
  });
  try {
    const outcome = await runTraining({
      ...job,
      jobFolder: job.folder,
      model,
      ...data,
      initial: await chooseStart(config, model),
      emit: await recordMetrics(job.folder, emit),
    });
    const { status, bestStep } = outcome;
    const isFinished = status === 'completed' || status === 'early_stopped';
    emit({ type: 'done', status, bestStep, files: isFinished ? await writeResult(job, model, outcome) : [] });
    return status;
  } finally {
    model.free();
  }
}

/** Reads, renders and tokenizes the job's files with its base model's vocabulary. */
export async function prepareJobData(config: TrainerConfig): Promise<PreparedData> {
  const { template, tokenizer, close } = await openJobVocabulary(config);
  try {
    const { train, evaluation, carveOut } = config.data;
    const { seed, maxContextTokens } = config.train;
    return await prepareData({ train, evaluation, carveOut, seed, maxContextTokens, template, tokenizer });
  } finally {
    close();
  }
}

/** Parameters to begin from. */
export async function chooseStart(config: TrainerConfig, model: TrainableModel): Promise<Float32Array> {
  if (config.warmStart === null) return createInitialAdapter(model.layout, config.train.seed);
  try {
    return await readPeftParameters(config.warmStart, model);
  } catch (cause) {
    throw new TrainerError('BAD_CONFIG', (cause as Error).message, { cause });
  }
}

/**
 * Also keeps metrics.jsonl, the file behind the job's signed URL: one row an optimiser step or evaluation.
 */
export async function recordMetrics(folder: string, emit: EmitEvent): Promise<EmitEvent> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'metrics.jsonl');
  return (event) => {
    emit(event);
    if (event.type !== 'metric' && event.type !== 'eval') return;
    try {
      // At once, as the events are: lines of writes under way at the same time could change places.
      appendFileSync(path, `${JSON.stringify(event)}\n`);
    } catch (error) {
      const text = `metrics.jsonl cannot be written: ${(error as Error).message}`;
      emit({ type: 'message', level: 'warning', text });
    }
  };
}

async function writeResult(job: Job, model: TrainableModel, outcome: TrainingOutcome): Promise<string[]> {
  const folder = join(job.folder, 'out');
  const names = await writeAdapterFiles({
    folder,
    model,
    parameters: outcome.parameters,
    alpha: job.config.lora.alpha,
    baseName: job.config.base.name,
  });
  return names.map((name) => join(folder, name)).filter((path) => existsSync(path));
}
