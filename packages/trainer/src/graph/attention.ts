import { type GgmlOperations, ggmlType, type Tensor } from '@sparkler/llama/ggml';

export interface AttentionShape {
  readonly tokens: number;
  readonly heads: number;
  /** Fewer than heads with grouped queries; head h reads key head floor(h / (heads / kvHeads)). */
  readonly kvHeads: number;
  readonly headSize: number;
}

export interface AttentionBack {
  readonly dq: Tensor;
  readonly dk: Tensor;
  readonly dv: Tensor;
}

/**
 * Masked attention: q [headSize, heads, tokens], k and v [headSize, kvHeads, tokens], mask [tokens, tokens]
 * with 0 where token row may see token column and -inf elsewhere -> y [headSize · heads, tokens], and the way
 * back.
 */
export function buildAttention(
  g: GgmlOperations,
  shape: AttentionShape,
  inputs: { readonly q: Tensor; readonly k: Tensor; readonly v: Tensor; readonly mask: Tensor },
): { readonly y: Tensor; back(dy: Tensor): AttentionBack } {
  const { tokens, heads, headSize } = shape;
  const scale = 1 / Math.sqrt(headSize);
  const q = swapMiddle(g, inputs.q);
  const k = swapMiddle(g, inputs.k);
  const v = swapMiddle(g, inputs.v);
  const weights = g.softMax(g.mulMat(k, q), inputs.mask, scale);
  const mixed = g.mulMat(flip(g, v), weights);
  const y = g.reshape2d(g.cont(swapMiddle(g, mixed)), headSize * heads, tokens);
  const back = (dy: Tensor): AttentionBack => {
    const dMixed = g.cont(swapMiddle(g, g.reshape3d(dy, headSize, heads, tokens)));
    const dScores = g.softMaxBack(g.mulMat(v, dMixed), weights, scale);
    const dk = g.mulMat(flip(g, q), flip(g, dScores));
    const dv = g.mulMat(flip(g, dMixed), flip(g, weights));
    return {
      dq: g.cont(swapMiddle(g, g.mulMat(flip(g, k), dScores))),
      dk: sumGroups(g, shape, dk),
      dv: sumGroups(g, shape, dv),
    };
  };
  return { y, back };
}

/** [a, b, c] <-> [a, c, b], as a view. */
function swapMiddle(g: GgmlOperations, a: Tensor): Tensor {
  return g.permute(a, 0, 2, 1, 3);
}

/** [a, b, c] -> [b, a, c], contiguous. */
function flip(g: GgmlOperations, a: Tensor): Tensor {
  return g.cont(g.transpose(a));
}

/**
 * Adds up the gradients of the query heads that share a key head: [headSize, tokens, heads] -> [headSize,
 * kvHeads, tokens]. The group gets a dimension of its own, since repeatBack adds every kvHeads-th head, not
 * neighbours.
 */
function sumGroups(g: GgmlOperations, shape: AttentionShape, gradient: Tensor): Tensor {
  const { tokens, heads, kvHeads, headSize } = shape;
  const grouped = g.reshape3d(gradient, headSize * tokens, heads / kvHeads, kvHeads);
  const summed = g.repeatBack(grouped, g.newTensor(ggmlType.f32, headSize * tokens, 1, kvHeads));
  return g.cont(swapMiddle(g, g.reshape3d(summed, headSize, tokens, kvHeads)));
}
