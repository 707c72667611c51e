import { type GgufHeader, readGgufHeader } from '@sparkler/llama/gguf';
import { planSteps } from '../data/plan-steps.ts';
import type { PreparedData } from '../data/prepare-data.ts';
import type { TokenizedExample } from '../data/tokenize-example.ts';
import { readArchitecture } from '../model/architecture.ts';
import { TrainerError } from '../process/events.ts';
import {
  estimateTrainingMemory,
  type MemoryShape,
  type RowSize,
  type TrainingMemory,
} from './estimate-training-memory.ts';
import { formatBytes } from './format-bytes.ts';
import { planEvaluationRows, rowTokens } from './run-training.ts';
import type { TrainerConfig } from './trainer-config.ts';

/**
 * Refuses a job that the host has no room for, before anything is loaded. Does nothing where the config does
 * not say what is free. Throws TrainerError OOM with both sums.
 */
export async function checkMemory(config: TrainerConfig, data: PreparedData): Promise<void> {
  const { freeMemory } = config;
  if (freeMemory === undefined) return;
  const shape = readMemoryShape(await readGgufHeader(config.base.gguf));
  const need = estimateTrainingMemory({
    shape,
    rank: config.lora.rank,
    precision: config.precision,
    rows: listRowSizes(config, data),
    exampleTokens: [...data.train, ...data.evaluation].reduce((sum, { tokens }) => sum + tokens.length, 0),
  });
  const problem = describeShortage(need, freeMemory);
  if (problem !== null) throw new TrainerError('OOM', problem);
}

/** Null when there is room. Pure. */
export function describeShortage(
  need: TrainingMemory,
  free: NonNullable<TrainerConfig['freeMemory']>,
): string | null {
  if (need.bytes <= free.bytes) return null;
  const lacking = formatBytes(need.bytes - free.bytes);
  return (
    `this host: the job needs ${need.arithmetic}, and ${free.arithmetic} = ${formatBytes(free.bytes)} is free: ` +
    `${lacking} are lacking; lower maxContextLength or loraRank, or free memory and resume the job`
  );
}

export function readMemoryShape(header: GgufHeader): MemoryShape {
  const hasOwnOutput = header.tensors.some(({ name }) => name === 'output.weight');
  return { ...readArchitecture(header), hasOwnOutput };
}

/** All rows of one pass over the examples, and of the evaluation. */
function listRowSizes({ train }: TrainerConfig, data: PreparedData): RowSize[] {
  const steps = planSteps(data.train, { ...train, rowTokens });
  const trained = steps.flatMap(({ rows }) => rows.map((row) => sizeRow(data.train, row, true)));
  const scored = planEvaluationRows(data.evaluation).map((row) => sizeRow(data.evaluation, row, false));
  return [...trained, ...scored];
}

function sizeRow(examples: readonly TokenizedExample[], row: readonly number[], isTrained: boolean): RowSize {
  const size = { tokens: 0, supervised: 0 };
  for (const index of row) {
    const { tokens, weights } = examples[index]!;
    size.tokens += tokens.length;
    size.supervised += weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
  }
  return { ...size, isTrained };
}
