import { formatBytes } from './format-bytes.ts';
import type { ModelShape } from './read-model-shape.ts';

export interface ReplicaMemoryQuestion {
  /** The served model and, if it has one, its draft model; empty for the scripted runner. */
  readonly models: readonly ModelShape[];
  readonly cells: number;
  readonly batchTokens: number;
  readonly sequences: number;
}

/** What one replica takes of a host's memory, and how that comes about. */
export interface ReplicaMemory {
  readonly bytes: number;
  /** For people: `501 MB (98 MB weights + …)`. */
  readonly arithmetic: string;
}

/** An engine process before it has a model: Node and the native library. Measured: 76 MB. */
const processBytes = 96 * 1024 * 1024;
/** Tables of a token: its text, its place in the tries of words, masks. Measured on 49,152 tokens: 1.4 KB. */
const tokenBytes = 1_536;
/** Vectors of a row that live at once in a block's computation, beside its logits. */
const innerVectors = 4;
const outerVectors = 8;
const floatBytes = 4;
/** The library computes at most so many rows at once. */
const rowsMax = 512;

/**
 * Memory of one replica: its weights, its cells times what a cell takes in every layer, and scratch: the
 * process, tables of the vocabulary, and the rows of one pass. An upper bound for models of plain attention;
 * weights of a file that two replicas map are counted for each. Pure.
 */
export function estimateReplicaMemory(question: ReplicaMemoryQuestion): ReplicaMemory {
  const { models, cells, batchTokens, sequences } = question;
  const rows = Math.min(Math.max(batchTokens, sequences), rowsMax);
  const weights = total(models, (model) => model.weightBytes);
  const cellBytes = total(models, (model) => model.cellBytes);
  const scratch = processBytes + total(models, (model) => scratchOf(model, rows));
  const parts = [
    ...(weights === 0 ? [] : [`${formatBytes(weights)} weights`]),
    ...(cellBytes === 0
      ? []
      : [`${cells} cells x ${formatBytes(cellBytes)} = ${formatBytes(cells * cellBytes)} cache`]),
    `${formatBytes(scratch)} scratch`,
  ];
  const bytes = weights + cells * cellBytes + scratch;
  return { bytes, arithmetic: `${formatBytes(bytes)} (${parts.join(' + ')})` };
}

function scratchOf({ vocabulary, width, innerWidth }: ModelShape, rows: number): number {
  const rowBytes = (vocabulary + innerVectors * innerWidth + outerVectors * width) * floatBytes;
  return vocabulary * tokenBytes + rows * rowBytes;
}

function total(models: readonly ModelShape[], read: (model: ModelShape) => number): number {
  return models.reduce((sum, model) => sum + read(model), 0);
}
