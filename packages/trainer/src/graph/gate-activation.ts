import type { GgmlOperations, Tensor } from '@sparkler/llama/ggml';

/**
 * What the gate of a feed-forward block goes through: silu (llama, qwen) or gelu's tanh form (gemma). ggml's
 * own gelu, which serves, looks values up in a table of 16 bits (`served-gelu`): that moves logits by
 * thousandths. `gelu` is the definition, in 32 bits.
 */
export type GateActivation = 'silu' | 'gelu' | 'served-gelu';

/** gelu(x) = x · sigmoid(2u) with u = inner · (x + cubic · x³): the tanh form, written otherwise. */
const inner = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** An activation and the way back. */
export function buildGate(
  g: GgmlOperations,
  activation: GateActivation,
  x: Tensor,
): { readonly y: Tensor; back(dy: Tensor): Tensor } {
  if (activation === 'silu') return { y: g.silu(x), back: (dy) => g.siluBack(dy, x) };
  // Of single operations: ggml's own has no way back.
  const square = g.mul(x, x);
  const share = g.sigmoid(g.mul(x, g.scaleAndShift(square, 2 * inner * cubic, 2 * inner)));
  const exact = g.mul(x, share);
  return {
    y: activation === 'gelu' ? exact : g.gelu(x),
    back: (dy) => {
      // share + x · share · (1 - share) · d(2u)/dx
      const slope = g.scaleAndShift(square, 6 * inner * cubic, 2 * inner);
      const rest = g.mul(g.mul(exact, g.scaleAndShift(share, -1, 1)), slope);
      return g.mul(dy, g.add(share, rest));
    },
  };
}
