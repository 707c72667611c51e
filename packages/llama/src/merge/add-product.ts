export interface ProductSizes {
  readonly outputs: number;
  readonly rank: number;
  readonly inputs: number;
}

/**
 * Adds scale * B A to W, all row-major: W and B have a row for each output, A one for each rank. Sums in
 * double precision row by row, so that the result does not depend on how rows are grouped.
 */
export function addProduct(
  weights: Float32Array,
  b: Float32Array,
  a: Float32Array,
  { outputs, rank, inputs }: ProductSizes,
  scale: number,
): void {
  const sum = new Float64Array(inputs);
  for (let row = 0; row < outputs; row++) {
    sum.fill(0);
    for (let index = 0; index < rank; index++) {
      const factor = b[row * rank + index]! * scale;
      if (factor === 0) continue;
      const start = index * inputs;
      for (let column = 0; column < inputs; column++) sum[column]! += factor * a[start + column]!;
    }
    const at = row * inputs;
    for (let column = 0; column < inputs; column++) weights[at + column]! += sum[column]!;
  }
}
