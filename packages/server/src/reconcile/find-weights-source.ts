import type { CatalogueEntry } from '../catalogue/index.ts';
import type { WeightFacts } from '../model-work/facts.ts';
import { findPrepared } from '../model-work/prepared.ts';
import type { WeightsSource } from './weights.ts';

/** What of a model's row says where its files are. */
export interface WeightsColumns {
  readonly name: string;
  readonly catalogue_id: string | null;
  readonly blob_prefix: string | null;
  /** Set when the files were checked. */
  readonly weights: Readonly<Record<string, unknown>> | null;
}

/**
 * Where the files of a model come from, or null when nobody has them. With a precision other than the model's
 * own: the copy that was prepared for it; null when there is none.
 */
export function findWeightsSource(
  { name, catalogue_id, blob_prefix, weights }: WeightsColumns,
  catalogue: readonly CatalogueEntry[],
  preparedPrecision: string | null = null,
): WeightsSource | null {
  if (preparedPrecision !== null) {
    const copy = findPrepared(weights, preparedPrecision);
    if (copy === null) return null;
    const facts = { format: 'gguf', file: copy.file, weightType: copy.weightType } as WeightFacts;
    return { model: name, blobPrefix: copy.blobPrefix, facts };
  }
  if (catalogue_id !== null) return catalogue.find((entry) => entry.name === catalogue_id) ?? null;
  if (blob_prefix === null || weights === null) return null;
  return { model: name, blobPrefix: blob_prefix, facts: weights as unknown as WeightFacts };
}
