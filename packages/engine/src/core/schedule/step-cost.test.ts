import { expect, test } from 'vitest';
import { StepCost } from './step-cost.ts';

/** Milliseconds of SmolLM2-135M in Q8_0 on one core: another kernel from two rows on. */
const MEASURED = new Map([
  [1, 6.5],
  [2, 28],
  [4, 37],
  [8, 47],
  [16, 50],
  [32, 100],
]);

test('the curve goes through what was measured and straight in between', () => {
  const cost = new StepCost();
  for (let round = 0; round < 20; round++) for (const [rows, ms] of MEASURED) cost.learn(rows, ms);
  for (const [rows, ms] of MEASURED) expect(cost.estimate(rows)).toBeCloseTo(ms, 5);
  expect(cost.estimate(12)).toBeCloseTo(48.5, 5);
  expect(cost.estimate(64)).toBeCloseTo(200, 5);
});

test('nothing is known at first, and little from one size', () => {
  const cost = new StepCost();
  expect(cost.estimate(3)).toBeNull();
  cost.learn(40, 100);
  expect(cost.estimate(1)).toBeCloseTo(2.5);
  cost.learn(1, 8);
  expect(cost.estimate(1)).toBe(8);
  expect(cost.estimate(20)).toBeGreaterThan(8);
});

test('a hiccup of the machine moves the curve a little, a lasting change all the way', () => {
  const cost = new StepCost();
  for (let i = 0; i < 20; i++) cost.learn(1, 10);
  cost.learn(1, 1000);
  expect(cost.estimate(1)).toBeLessThan(12.1);
  for (let i = 0; i < 60; i++) cost.learn(1, 30);
  expect(cost.estimate(1)).toBeCloseTo(30, 0);
});
