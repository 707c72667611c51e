/** Share of the peak learning rate that is left at the last step. */
const finalShare = 0.1;

/**
 * Learning rate of a step (from 0): linear warm-up over `warmupSteps`, then a cosine down to a tenth of the
 * peak at the last step. Both trainers use this one function.
 */
export function planLearningRate(
  step: number,
  plan: { peak: number; warmupSteps: number; totalSteps: number },
): number {
  const { peak, warmupSteps, totalSteps } = plan;
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  const decaySteps = Math.max(1, totalSteps - warmupSteps - 1);
  const progress = Math.min(1, (step - warmupSteps) / decaySteps);
  return peak * (finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
