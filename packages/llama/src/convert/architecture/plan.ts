import type { GgufValue } from '../../gguf/value.ts';
import type { TensorToWrite } from '../../gguf/writer.ts';

/** What is done to a tensor's data on its way. */
export type TensorChange =
  /** Rows of each head from halves into pairs; for that many heads. */
  | { readonly kind: 'pair-rows'; readonly heads: number }
  /** The model computes with 1 + weight. */
  | { readonly kind: 'plus-one' }
  /** Leading rows that are never used (positions before the first real one). */
  | { readonly kind: 'skip-rows'; readonly rows: number };

export interface TensorPlace {
  /** GGUF name, with `.weight` or `.bias`. */
  readonly name: string;
  readonly change?: TensorChange;
}

/** How a model of one architecture is written. */
export interface ArchitecturePlan {
  /** llama.cpp's name. */
  readonly architecture: string;
  readonly metadata: readonly (readonly [string, GgufValue])[];
  /** Where a tensor goes; null when it is not needed, undefined when it is unknown. */
  place(name: string): TensorPlace | null | undefined;
  /** GGUF names without which the model cannot run. */
  readonly required: readonly string[];
  /** Tensors that are computed from the configuration. */
  readonly extra: readonly TensorToWrite[];
  /** Segment embeddings of encoders, for the vocabulary. */
  readonly tokenTypes?: number;
}
