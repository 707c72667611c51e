/** Copies of a model in other precisions, as `models.weights` keeps them under `prepared`. */
export interface PreparedCopy {
  readonly blobPrefix: string;
  readonly file: string;
  /** Type of its matrices in GGUF, such as q8_0. */
  readonly weightType: string;
}

export type PreparedCopies = Readonly<Record<string, PreparedCopy>>;

/**
 * How the built-in engine serves a precision of the API. Precisions that are not listed can't be prepared.
 */
export const engineTypes: Readonly<
  Record<string, { readonly quantization: 'Q8_0' | 'Q4_K_M'; readonly words: string }>
> = Object.fromEntries([
  ...['FP8', 'FP8_MM', 'FP8_AR', 'FP8_MM_KV_ATTN', 'FP8_KV', 'FP8_MM_V2', 'FP8_V2', 'FP8_MM_KV_ATTN_V2'].map(
    (word) => [word, { quantization: 'Q8_0', words: 'q8_0, its 8-bit format' }],
  ),
  ...['NF4', 'FP4', 'FP4_BLOCKSCALED_MM', 'FP4_MX_MOE'].map((word) => [
    word,
    { quantization: 'Q4_K_M', words: 'q4_K_M, its 4-bit format' },
  ]),
]);

/** The copy of a model for a precision, or null when there is none. */
export function findPrepared(
  weights: Readonly<Record<string, unknown>> | null,
  precision: string,
): PreparedCopy | null {
  const copies = (weights?.prepared ?? {}) as PreparedCopies;
  return Object.hasOwn(copies, precision) ? (copies[precision] ?? null) : null;
}
