import type { LlamaModel } from '@sparkler/llama';
import type { ModelDescription } from '../../core/model-runner.ts';
import { RunnerError } from './runner-error.ts';

/** How the vectors of a sequence become one; `rank`: a reranker's score. */
export type EmbeddingPooling = 'mean' | 'cls' | 'last' | 'rank';

/** llama.cpp's numbers, as the model file stores them. */
const POOLINGS = ['none', 'mean', 'cls', 'last', 'rank'] as const;

/** What the model file says; `none` when it says nothing. */
export function readModelPooling(model: LlamaModel): ModelDescription['pooling'] {
  const stored = model.metadata[`${model.architecture}.pooling_type`];
  return (stored === undefined ? undefined : POOLINGS[Number(stored)]) ?? 'none';
}

/**
 * The pooling to embed with: the one asked for, else the model's, else the last token, the only one of a
 * causal model that has seen the whole input. A reranker's head cannot be added or left out by choice.
 */
export function resolvePooling(model: LlamaModel, asked: EmbeddingPooling | undefined): EmbeddingPooling {
  const stored = readModelPooling(model);
  if (asked !== undefined && (asked === 'rank') !== (stored === 'rank')) {
    throw new RunnerError(
      `${model.path} is made for ${stored} pooling and cannot embed with ${asked} pooling`,
    );
  }
  return asked ?? (stored === 'none' ? 'last' : stored);
}
