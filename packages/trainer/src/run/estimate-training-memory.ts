import { planAdapterLayout, planLinearSizes } from '../adapter/adapter-layout.ts';
import { planRowLength } from '../data/pack-batch.ts';
import { planMaskBlocks } from '../graph/attention-mask.ts';
import type { Architecture } from '../model/architecture.ts';
import { formatBytes } from './format-bytes.ts';
import { planGraphSizes } from './plan-graph-sizes.ts';

export type MemoryShape = Pick<
  Architecture,
  'layers' | 'width' | 'heads' | 'kvHeads' | 'headSize' | 'ffn' | 'vocabulary' | 'window'
> & {
  /** Whether the head is another matrix than the embedding. */
  readonly hasOwnOutput: boolean;
};

/** A row of packed examples, as far as memory goes. */
export interface RowSize {
  readonly tokens: number;
  /** Tokens of it that are learned. */
  readonly supervised: number;
  /** False: only scored. */
  readonly isTrained: boolean;
}

export interface TrainingMemoryQuestion {
  readonly shape: MemoryShape;
  readonly rank: number;
  readonly precision: 'bf16' | 'f32';
  readonly rows: readonly RowSize[];
  /** Of all examples together. */
  readonly exampleTokens: number;
}

export interface TrainingMemory {
  readonly bytes: number;
  /** For people: `4.7 GB (269 MB weights + …)`. */
  readonly arithmetic: string;
}

const floatBytes = 4;
/** Node, the native libraries, descriptions of graphs. Measured: 105 MB with a tiny model. */
const processBytes = 120e6;
/** Token and weight of an example, and of the batch that is made of it. */
const tokenBytes = 24;
/**
 * Vectors of the adapter's size: its tensors, their gradients twice, start, parameters, best, two moments,
 * and the four that a checkpoint is written from.
 */
const adapterVectors = 12;
/** Logits, their softmax, and that times the weights of the rows. */
const headMatrices = 3;

/**
 * Most memory that a job takes at a time: weights in both orders, activations of its most expensive row,
 * optimiser, and scratch. The factors were read off ggml's allocator for models of several shapes; within a
 * third of it for rows that are trained (estimate-training-memory.test.ts). Pure.
 */
export function estimateTrainingMemory(question: TrainingMemoryQuestion): TrainingMemory {
  const { shape, rank, precision, rows, exampleTokens } = question;
  const weights = countParameters(shape) * (precision === 'bf16' ? 2 : floatBytes);
  const adapter = planAdapterLayout({ ...shape, rank }).size;
  const optimizer = adapter * floatBytes * adapterVectors;
  const dearest = rows
    .map((row) => ({ row, bytes: estimateActivations(shape, rank, row) }))
    .reduce((most, each) => (each.bytes > most.bytes ? each : most), {
      row: null as RowSize | null,
      bytes: 0,
    });
  const longest = rows.reduce((most, { tokens }) => Math.max(most, planRowLength(tokens)), 0);
  // A matrix is turned round in 32 bits, before the first row: the same room serves both.
  const turning = shape.width * shape.vocabulary * floatBytes * 2;
  const activations = Math.max(dearest.bytes, turning);
  const scratch = processBytes + exampleTokens * tokenBytes + countMaskBytes(shape, longest);
  const bytes = 2 * weights + activations + optimizer + scratch;
  const parts = [
    `${formatBytes(weights)} weights`,
    `${formatBytes(weights)} their turned copies`,
    `${formatBytes(activations)} activations of ${dearest.row?.tokens ?? 0} tokens x ${shape.layers} layers`,
    `${formatBytes(optimizer)} optimiser of ${adapter} parameters at rank ${rank}`,
    `${formatBytes(scratch)} scratch`,
  ];
  return { bytes, arithmetic: `${formatBytes(bytes)} (${parts.join(' + ')})` };
}

/**
 * What the allocator of a row's graph takes: activations kept, and the most that is computed with at once.
 */
export function estimateActivations(shape: MemoryShape, rank: number, row: RowSize): number {
  const { layers, width, heads, headSize, ffn, vocabulary } = shape;
  const length = planRowLength(row.tokens);
  const { tokens, chunkRows, recomputes } = planGraphSizes(shape, length, row.supervised, row.isTrained);
  const queries = heads * headSize;
  const blocks = planMaskBlocks(tokens, null);
  const head = headMatrices * chunkRows * vocabulary;
  if (!row.isTrained) {
    const rowsOfBlock = blocks[0] === undefined ? 0 : blocks[0].to;
    const layer = tokens * (2 * ffn + 2 * width + 4 * queries) + heads * tokens * rowsOfBlock;
    return floatBytes * Math.max(head, layer);
  }
  const area = heads * blocks.reduce((sum, { from, to, keysFrom }) => sum + (to - from) * (to - keysFrom), 0);
  const isWhole = blocks.length === 1;
  const ofLayer = tokens * (4 * ffn + width + 2 * queries + 7 * rank) + (isWhole ? area : 0);
  const kept = layers * (recomputes ? tokens * width : ofLayer);
  // In blocks, the weights and their gradients of all blocks of one layer live at once.
  const back = isWhole
    ? tokens * (4 * ffn + 3 * width + 12 * queries) + 2.5 * area
    : tokens * (4 * ffn + 3 * width + 22 * queries) + 2 * area;
  return floatBytes * (kept + Math.max(head, back));
}

function countParameters(shape: MemoryShape): number {
  const { layers, width, vocabulary, hasOwnOutput } = shape;
  const linears = Object.values(planLinearSizes(shape)).reduce(
    (sum, [input, output]) => sum + input * output,
    0,
  );
  return layers * linears + (hasOwnOutput ? 2 : 1) * width * vocabulary;
}

/** The masks of a row, beside what its graph's allocator holds. */
function countMaskBytes({ window }: MemoryShape, tokens: number): number {
  const ofWindow = (size: number | null): number =>
    planMaskBlocks(tokens, size).reduce(
      (sum, { from, to, keysFrom }) => sum + (to - from) * (to - keysFrom),
      0,
    );
  return floatBytes * (ofWindow(null) + (window === null ? 0 : ofWindow(window)));
}
