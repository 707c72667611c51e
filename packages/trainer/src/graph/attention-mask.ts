/** Queries of one piece of attention, and the keys that any of them can see: keysFrom … to. */
export interface MaskBlock {
  readonly from: number;
  /** Exclusive; also the end of the keys, since nothing sees what comes later. */
  readonly to: number;
  readonly keysFrom: number;
}

/** Queries of one block: its weights are heads · blockTokens · tokens numbers. */
export const blockTokens = 512;

/**
 * Cuts a row of so many tokens into blocks. `window`: a token sees the last so many only (itself among them),
 * null: all before it.
 */
export function planMaskBlocks(tokens: number, window: number | null, size = blockTokens): MaskBlock[] {
  return Array.from({ length: Math.ceil(tokens / size) }, (_, index) => {
    const from = index * size;
    return {
      from,
      to: Math.min(tokens, from + size),
      keysFrom: window === null ? 0 : Math.max(0, from - window + 1),
    };
  });
}

/**
 * The values of a block, row by row of queries: 0 where a token may see another, -inf elsewhere. Tokens see
 * their own document only; a padding token (document -1) sees itself, or its softmax would be 0/0.
 */
export function fillMaskBlock(block: MaskBlock, documents: Int32Array, window: number | null): Float32Array {
  const keys = block.to - block.keysFrom;
  const mask = new Float32Array((block.to - block.from) * keys).fill(Number.NEGATIVE_INFINITY);
  for (let q = block.from; q < block.to; q++) {
    const row = (q - block.from) * keys - block.keysFrom;
    const first = window === null ? 0 : Math.max(0, q - window + 1);
    mask[row + q] = 0;
    for (let k = q - 1; k >= first && documents[q]! >= 0 && documents[k] === documents[q]; k--)
      mask[row + k] = 0;
  }
  return mask;
}
