/** AdamW over one flat vector of parameters (decoupled weight decay, bias-corrected moments). */
export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export const adamWDefaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** Everything a resumed run needs to go on bit for bit. */
export interface AdamWState {
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Updates made so far. */
  step: number;
}

export function createAdamWState(size: number): AdamWState {
  return { firstMoment: new Float32Array(size), secondMoment: new Float32Array(size), step: 0 };
}

/** Updates parameters and state in place. */
export function applyAdamW(
  parameters: Float32Array,
  gradients: Float32Array,
  state: AdamWState,
  learningRate: number,
  options: AdamWOptions,
): void {
  const { beta1, beta2, epsilon, weightDecay } = options;
  const { firstMoment, secondMoment } = state;
  state.step++;
  const rate = learningRate / (1 - beta1 ** state.step);
  const secondCorrection = 1 / (1 - beta2 ** state.step);
  const keep = 1 - learningRate * weightDecay;
  for (let i = 0; i < parameters.length; i++) {
    const gradient = gradients[i]!;
    const first = beta1 * firstMoment[i]! + (1 - beta1) * gradient;
    const second = beta2 * secondMoment[i]! + (1 - beta2) * gradient * gradient;
    firstMoment[i] = first;
    secondMoment[i] = second;
    parameters[i] = parameters[i]! * keep - (rate * first) / (Math.sqrt(second * secondCorrection) + epsilon);
  }
}

/** Scales gradients in place so that their norm is at most `normMax`; returns the norm before. */
export function clipGradients(gradients: Float32Array, normMax: number): number {
  let sum = 0;
  for (let i = 0; i < gradients.length; i++) sum += gradients[i]! * gradients[i]!;
  const norm = Math.sqrt(sum);
  if (norm > normMax) {
    const factor = normMax / (norm + 1e-6);
    for (let i = 0; i < gradients.length; i++) gradients[i] = gradients[i]! * factor;
  }
  return norm;
}
