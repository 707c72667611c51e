import { describe, expect, it } from 'vitest';
import { adamWDefaults, applyAdamW, clipGradients, createAdamWState } from './adamw.ts';
import { planLearningRate } from './schedule.ts';

describe('AdamW', () => {
  it('moves by about the learning rate on the first step, whatever the size of the gradient', () => {
    const parameters = Float32Array.from([1, 1]);
    applyAdamW(parameters, Float32Array.from([1e-3, -50]), createAdamWState(2), 0.1, adamWDefaults);
    expect(parameters[0]).toBeCloseTo(0.9, 4);
    expect(parameters[1]).toBeCloseTo(1.1, 4);
  });

  it('finds the minimum of a parabola', () => {
    const parameters = Float32Array.from([5]);
    const state = createAdamWState(1);
    for (let i = 0; i < 500; i++) {
      applyAdamW(parameters, Float32Array.from([2 * (parameters[0]! - 2)]), state, 0.05, adamWDefaults);
    }
    expect(parameters[0]).toBeCloseTo(2, 2);
  });

  it('decays weights apart from the gradient', () => {
    const parameters = Float32Array.from([1]);
    applyAdamW(parameters, new Float32Array(1), createAdamWState(1), 0.1, {
      ...adamWDefaults,
      weightDecay: 0.5,
    });
    expect(parameters[0]).toBeCloseTo(0.95, 6);
  });
});

describe('clipping', () => {
  it('bounds the norm and tells the norm before', () => {
    const gradients = Float32Array.from([3, 4]);
    expect(clipGradients(gradients, 1)).toBe(5);
    expect(Math.hypot(...gradients)).toBeCloseTo(1, 5);
    expect(clipGradients(gradients, 10)).toBeCloseTo(1, 5);
    expect(Math.hypot(...gradients)).toBeCloseTo(1, 5);
  });
});

describe('the learning rate', () => {
  const plan = { peak: 1, warmupSteps: 4, totalSteps: 20 };

  it('rises linearly, peaks after the warm-up and ends at a tenth', () => {
    expect([0, 1, 2, 3, 4].map((step) => planLearningRate(step, plan))).toEqual([0.25, 0.5, 0.75, 1, 1]);
    expect(planLearningRate(19, plan)).toBeCloseTo(0.1, 10);
  });

  it('never rises after the peak', () => {
    const rates = Array.from({ length: 16 }, (_, i) => planLearningRate(4 + i, plan));
    expect(rates.every((rate, i) => i === 0 || rate <= rates[i - 1]!)).toBe(true);
  });
});
