import type { GgmlOperations, Tensor } from '@sparkler/llama/ggml';
import { buildNorm } from './norm.ts';

export interface HeadWeights {
  /** [width] */
  readonly norm: Tensor;
  /** [width, vocabulary] */
  readonly output: Tensor;
  /** [vocabulary, width] */
  readonly outputTransposed: Tensor;
}

/** The supervised rows of one chunk. */
export interface LossRows {
  /** i32 [rows]: token positions whose next token is scored. */
  readonly positions: Tensor;
  /** i32 [rows]: the next token's id. */
  readonly targets: Tensor;
  /** i32 [rows]: row · vocabulary + target, to pick one probability a row. */
  readonly picks: Tensor;
  /** f32 [1, rows]: weight of each row over the sum of weights of the whole optimiser step. */
  readonly weights: Tensor;
}

/**
 * Cross entropy on the supervised rows only. Rows are gathered before the head: ggml's own cross entropy
 * gives masked rows a gradient, and vocabulary x tokens logits would not fit (a 262k vocabulary!). The
 * gradient (softmax - onehot) · weight is taken without a one-hot matrix: onehotᵀ · head is a row of the
 * head.
 */
export function buildLossChunk(
  g: GgmlOperations,
  head: HeadWeights,
  shape: { readonly vocabulary: number; readonly rows: number; readonly normEpsilon: number },
  rows: LossRows,
  x: Tensor,
): { readonly probability: Tensor; readonly best: Tensor; readonly dx: () => Tensor } {
  const hidden = g.getRows(x, rows.positions);
  const norm = buildNorm(g, hidden, head.norm, shape.normEpsilon);
  const logits = g.mulMat(head.output, norm.y);
  const softmax = g.softMax(logits, null, 1);
  const flat = g.reshape2d(softmax, 1, shape.vocabulary * shape.rows);
  return {
    probability: g.getRows(flat, rows.picks),
    best: g.argmax(logits),
    dx: () => {
      const expected = g.mulMat(head.outputTransposed, g.mul(softmax, rows.weights));
      const wanted = g.mul(g.getRows(head.output, rows.targets), rows.weights);
      return g.getRowsBack(norm.back(g.sub(expected, wanted)), rows.positions, x);
    },
  };
}
