import type { Ggml } from '@sparkler/llama/ggml';
import type { AdapterEntry, AdapterShape } from '../adapter/adapter-layout.ts';
import type { GraphShape, ModelTensors } from '../graph/training-graph.ts';

/** A base model in ggml tensors, with room for an adapter. */
export interface TrainableModel {
  readonly ggml: Ggml;
  readonly tensors: ModelTensors;
  readonly shape: AdapterShape & Omit<GraphShape, 'tokens' | 'chunks' | 'chunkRows' | 'recomputes'>;
  readonly layout: { readonly entries: readonly AdapterEntry[]; readonly size: number };
  /** general.architecture of the file. */
  readonly architecture: string;
  /**
   * Whether q and k rows are stored as adjacent pairs, so that PEFT files need them turned (head-order.ts).
   */
  readonly hasPairedHeads: boolean;
  /** Copies the parameters of the adapter into its tensors. */
  writeAdapter(values: Float32Array): void;
  free(): void;
}
