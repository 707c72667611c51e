import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAdapterFiles } from '../adapter/write-adapter.ts';
import { planSteps } from '../data/plan-steps.ts';
import type { PreparedData } from '../data/prepare-data.ts';
import type { TokenizedExample } from '../data/tokenize-example.ts';
import { loadTrainableModel } from '../model/load-model.ts';
import { writeHuggingFaceModel } from '../model/write-hugging-face.ts';
import { planLearningRate } from '../optimize/schedule.ts';
import { rowTokens } from '../run/run-training.ts';
import type { TrainerConfig } from '../run/trainer-config.ts';
import { chooseStart, prepareJobData } from './run-job.ts';

/**
 * Writes what a trainer in another language needs to do the same job on the same numbers: `train.tok` and
 * `eval.tok` (one `{"ids","w"}` a line), `plan.jsonl` (examples and learning rate of every optimiser step),
 * `init/` (the adapter to start from, as PEFT) and, with `withBase`, `base/` (the base model's weights).
 * Throws TrainerError.
 */
export async function prepareJob(
  config: TrainerConfig,
  folder: string,
  withBase: boolean,
): Promise<PreparedData> {
  const data = await prepareJobData(config);
  await mkdir(folder, { recursive: true });
  await writeLines(join(folder, 'train.tok'), data.train.map(describeExample));
  await writeLines(join(folder, 'eval.tok'), data.evaluation.map(describeExample));
  await writeLines(join(folder, 'plan.jsonl'), planLines(config, data.train));
  const model = await loadTrainableModel({
    path: config.base.gguf,
    rank: config.lora.rank,
    alpha: config.lora.alpha,
    threads: config.threads,
    precision: 'f32',
    onProgress: () => undefined,
  });
  try {
    const parameters = await chooseStart(config, model);
    const { alpha } = config.lora;
    const init = join(folder, 'init');
    await writeAdapterFiles({ folder: init, model, parameters, alpha, baseName: config.base.name });
    if (withBase) await writeHuggingFaceModel(model, join(folder, 'base'));
  } finally {
    model.free();
  }
  return data;
}

function describeExample({ tokens, weights }: TokenizedExample): unknown {
  return { ids: [...tokens], w: [...weights] };
}

function planLines(config: TrainerConfig, train: readonly TokenizedExample[]): unknown[] {
  const plan = planSteps(train, { ...config.train, rowTokens });
  const { learningRate: peak, warmupSteps } = config.train;
  return plan.map(({ epoch, rows }, step) => ({
    epoch,
    examples: rows.flat(),
    learningRate: planLearningRate(step, { peak, warmupSteps, totalSteps: plan.length }),
  }));
}

async function writeLines(path: string, lines: readonly unknown[]): Promise<void> {
  await writeFile(`${path}.partial`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await rename(`${path}.partial`, path);
}
