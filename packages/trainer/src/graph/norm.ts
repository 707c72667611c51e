import type { GgmlOperations, Tensor } from '@sparkler/llama/ggml';

/** RMS norm over the first dimension times a frozen weight, and the way back to x. */
export function buildNorm(
  g: GgmlOperations,
  x: Tensor,
  weight: Tensor,
  epsilon: number,
): { readonly y: Tensor; back(dy: Tensor): Tensor } {
  return {
    y: g.mul(g.rmsNorm(x, epsilon), weight),
    back: (dy) => g.rmsNormBack(g.mul(dy, weight), x, epsilon),
  };
}

/** The same, or nothing at all where the model has no such norm. */
export function buildOptionalNorm(
  g: GgmlOperations,
  x: Tensor,
  weight: Tensor | null,
  epsilon: number,
): ReturnType<typeof buildNorm> {
  return weight === null ? { y: x, back: (dy) => dy } : buildNorm(g, x, weight, epsilon);
}
