import type { GgmlOperations, Tensor } from '@sparkler/llama/ggml';

/** A low-rank addition to a linear layer: y += scale · B(A x). */
export interface LoraPair {
  /** [in, rank] */
  readonly a: Tensor;
  /** [rank, out] */
  readonly b: Tensor;
  /** alpha / rank. */
  readonly scale: number;
}

/** A frozen linear layer, kept in both orders so that forward and backward are both plain `mulMat`. */
export interface FrozenLinear {
  /** [in, out] */
  readonly weight: Tensor;
  /** [out, in]: ggml's own gradient (out_prod) is 2 to 20 times slower than mulMat on this copy. */
  readonly transposed: Tensor;
  /** [out], or null. */
  readonly bias: Tensor | null;
  readonly lora: LoraPair | null;
}

export interface LoraGradients {
  /** [in, rank] */
  readonly a: Tensor;
  /** [rank, out] */
  readonly b: Tensor;
}

export interface LinearBack {
  /** [in, tokens] */
  readonly dx: Tensor;
  readonly gradients: LoraGradients | null;
}

/** y [out, tokens] of x [in, tokens], and the way back. */
export function buildLinear(
  g: GgmlOperations,
  linear: FrozenLinear,
  x: Tensor,
): { readonly y: Tensor; back(dy: Tensor): LinearBack } {
  const { weight, transposed, bias, lora } = linear;
  const frozen = g.mulMat(weight, x);
  const biased = bias === null ? frozen : g.add(frozen, bias);
  if (lora === null) return { y: biased, back: (dy) => ({ dx: g.mulMat(transposed, dy), gradients: null }) };
  const down = g.mulMat(lora.a, x);
  const y = g.add(biased, g.scale(g.mulMat(lora.b, down), lora.scale));
  const back = (dy: Tensor): LinearBack => {
    const scaled = g.scale(dy, lora.scale);
    const dDown = g.mulMat(flip(g, lora.b), scaled);
    return {
      dx: g.add(g.mulMat(transposed, dy), g.mulMat(flip(g, lora.a), dDown)),
      gradients: {
        a: g.mulMat(flip(g, x), flip(g, dDown)),
        b: g.mulMat(flip(g, down), flip(g, scaled)),
      },
    };
  };
  return { y, back };
}

/** A contiguous transpose: mulMat contracts the first dimension of both sides. */
function flip(g: GgmlOperations, a: Tensor): Tensor {
  return g.cont(g.transpose(a));
}
