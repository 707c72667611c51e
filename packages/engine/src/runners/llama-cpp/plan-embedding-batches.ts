/** Consecutive inputs [from, to) that go into one batch. */
export interface EmbeddingBatch {
  readonly from: number;
  readonly to: number;
}

/** Packs inputs in order, as many as fit; one that is longer goes alone. */
export function planEmbeddingBatches(
  lengths: readonly number[],
  tokensMax: number,
  sequencesMax: number,
): EmbeddingBatch[] {
  const batches: EmbeddingBatch[] = [];
  let from = 0;
  let tokens = 0;
  for (const [index, length] of lengths.entries()) {
    if (index > from && (tokens + length > tokensMax || index - from === sequencesMax)) {
      batches.push({ from, to: index });
      from = index;
      tokens = 0;
    }
    tokens += length;
  }
  if (from < lengths.length) batches.push({ from, to: lengths.length });
  return batches;
}
