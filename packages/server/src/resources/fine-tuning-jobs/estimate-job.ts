import { ApiError } from '@sparkler/api';
import { findTrainingPrice, type PriceBook } from '../../ledger/price-book.ts';
import { readDataset } from '../../store/datasets.ts';
import type { JobResource } from '../../store/fine-tuning-jobs.ts';
import { readModel } from '../../store/models.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';

export interface JobEstimate {
  /** Nano-dollars a trained token. */
  readonly priceNanos: number;
  readonly plannedTokens: number;
  readonly parameters: number;
  /** Full name of the model whose weights stay as they are. */
  readonly baseModel: string;
  /** Of the dataset; 0 while it is not known. */
  readonly exampleCount: number;
}

/** The platform's bound on work in one job. */
const examplesTimesEpochsMax = 3_000_000;

/**
 * What a checked job would train and cost, from what is known of its dataset and model without reading them.
 * Throws ApiError (400) for more work than one job may be.
 */
export async function estimateJob(context: ControlPlaneContext, job: JobResource): Promise<JobEstimate> {
  const { db, spending } = context;
  const dataset = await readDataset(db, job.dataset!);
  const exampleCount = Number(dataset?.resource.exampleCount ?? 0);
  if (exampleCount * job.epochs! > examplesTimesEpochsMax) {
    throw new ApiError(
      'INVALID_ARGUMENT',
      `${exampleCount} examples x ${job.epochs} epochs are more than ${examplesTimesEpochsMax}: lower epochs`,
    );
  }
  const parent = job.warmStartFrom ? await readModel(db, job.warmStartFrom) : null;
  const baseModel = job.baseModel || parent?.resource.peftDetails?.baseModel || '';
  const base = baseModel === '' ? null : await readModel(db, baseModel);
  const parameters = Number(base?.resource.baseModelDetails?.parameterCount ?? 0);
  return {
    priceNanos: priceOf(spending?.prices, parameters),
    plannedTokens: Math.round(Number(dataset?.resource.estimatedTokenCount ?? 0) * job.epochs!),
    parameters,
    baseModel,
    exampleCount,
  };
}

function priceOf(prices: PriceBook | undefined, parameters: number): number {
  return prices === undefined ? 0 : findTrainingPrice(prices, parameters);
}
