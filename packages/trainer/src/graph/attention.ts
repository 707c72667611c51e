import { type GgmlOperations, ggmlType, type Tensor } from '@sparkler/llama/ggml';
import type { MaskBlock } from './attention-mask.ts';

export interface AttentionShape {
  readonly tokens: number;
  readonly heads: number;
  /** Fewer than heads with grouped queries; head h reads key head floor(h / (heads / kvHeads)). */
  readonly kvHeads: number;
  readonly headSize: number;
  /** Factor of the scores, 1/sqrt(headSize) for most models. */
  readonly attentionScale: number;
}

/** A block of the mask with the tensor that holds it: [keys, queries], 0 where seen, -inf elsewhere. */
export interface MaskTensor extends MaskBlock {
  readonly tensor: Tensor;
}

interface Inputs {
  /** [headSize, heads, tokens] */
  readonly q: Tensor;
  /** [headSize, kvHeads, tokens] */
  readonly k: Tensor;
  readonly v: Tensor;
}

export interface AttentionBack {
  readonly dq: Tensor;
  readonly dk: Tensor;
  readonly dv: Tensor;
}

/**
 * Masked attention: q [headSize, heads, tokens], k and v [headSize, kvHeads, tokens] -> y [headSize · heads,
 * tokens], and the way back. With several mask blocks the weights (heads · tokens² numbers in all) are made
 * block by block, and once more on the way back, so that only one block's exist at a time.
 */
export function buildAttention(
  g: GgmlOperations,
  shape: AttentionShape,
  inputs: Inputs,
  mask: readonly MaskTensor[],
): { readonly y: Tensor; back(dy: Tensor): AttentionBack } {
  const blocks = mask.map((block) => buildBlock(g, shape, inputs, block));
  const y = blocks.map((block) => block.y).reduce((left, right) => g.concat(left, right, 1));
  const back = (dy: Tensor): AttentionBack => {
    const parts = mask.map((block, index) => {
      const again = mask.length === 1 ? blocks[index]! : buildBlock(g, shape, inputs, block);
      return again.back(g.slice(dy, [shape.headSize, shape.heads, shape.tokens], block.from, sizeOf(block)));
    });
    return {
      dq: parts.map((part) => part.dq).reduce((left, right) => g.concat(left, right, 2)),
      dk: finishKeys(
        g,
        shape,
        parts.map((part) => part.dk),
      ),
      dv: finishKeys(
        g,
        shape,
        parts.map((part) => part.dv),
      ),
    };
  };
  return { y, back };
}

/** Queries from … to of one block against the keys that any of them sees. */
function buildBlock(g: GgmlOperations, shape: AttentionShape, inputs: Inputs, block: MaskTensor) {
  const { tokens, heads, kvHeads, headSize, attentionScale } = shape;
  const rows = sizeOf(block);
  const keys = block.to - block.keysFrom;
  const cut = (a: Tensor, count: number, from: number, size: number): Tensor =>
    size === tokens ? a : g.slice(a, [headSize, count, tokens], from, size);
  const q = swapMiddle(g, cut(inputs.q, heads, block.from, rows));
  const k = swapMiddle(g, cut(inputs.k, kvHeads, block.keysFrom, keys));
  const v = swapMiddle(g, cut(inputs.v, kvHeads, block.keysFrom, keys));
  const weights = g.softMax(g.mulMat(k, q), block.tensor, attentionScale);
  const mixed = g.mulMat(flip(g, v), weights);
  const y = g.reshape2d(g.cont(swapMiddle(g, mixed)), headSize * heads, rows);
  const widen = (a: Tensor): Tensor =>
    keys === tokens ? a : g.padSecond(a, block.keysFrom, tokens - block.to);
  /** dy [headSize, heads, rows] -> dq [headSize, heads, rows], dk and dv [headSize, tokens, heads]. */
  const back = (dy: Tensor): AttentionBack => {
    const dMixed = g.cont(swapMiddle(g, dy));
    const dScores = g.softMaxBack(g.mulMat(v, dMixed), weights, attentionScale);
    return {
      dq: g.cont(swapMiddle(g, g.mulMat(flip(g, k), dScores))),
      dk: widen(g.mulMat(flip(g, q), flip(g, dScores))),
      dv: widen(g.mulMat(flip(g, dMixed), flip(g, weights))),
    };
  };
  return { y, back };
}

function sizeOf(block: MaskBlock): number {
  return block.to - block.from;
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
 * Adds up the blocks' gradients, then those of the query heads that share a key head: [headSize, tokens,
 * heads] -> [headSize, kvHeads, tokens]. The group gets a dimension of its own, since repeatBack adds every
 * kvHeads-th head, not neighbours.
 */
function finishKeys(g: GgmlOperations, shape: AttentionShape, parts: readonly Tensor[]): Tensor {
  const { tokens, heads, kvHeads, headSize } = shape;
  const gradient = parts.reduce((sum, part) => g.add(sum, part));
  const grouped = g.reshape3d(gradient, headSize * tokens, heads / kvHeads, kvHeads);
  const summed = g.repeatBack(grouped, g.newTensor(ggmlType.f32, headSize * tokens, 1, kvHeads));
  return g.cont(swapMiddle(g, g.reshape3d(summed, headSize, tokens, kvHeads)));
}
