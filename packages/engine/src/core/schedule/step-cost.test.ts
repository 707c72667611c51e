import { expect, test } from 'vitest';
import { StepCost } from './step-cost.ts';

test('base and row cost are found from steps of different sizes, noise apart', () => {
  const cost = new StepCost();
  expect(cost.estimate()).toBeNull();
  for (let i = 0; i < 200; i++) {
    const rows = 1 + ((i * 7) % 20);
    cost.learn(rows, 8 + 1.5 * rows + (i % 2 === 0 ? 0.3 : -0.3));
  }
  expect(cost.estimate()!.baseMs).toBeCloseTo(8, 0);
  expect(cost.estimate()!.rowMs).toBeCloseTo(1.5, 1);
});

test('steps of one size say nothing about a row', () => {
  const cost = new StepCost();
  for (let i = 0; i < 50; i++) cost.learn(4, 10);
  expect(cost.estimate()).toBeNull();
});

test('a row never costs less than nothing nor more than the step', () => {
  const cost = new StepCost();
  for (let i = 0; i < 50; i++) cost.learn(i % 2 === 0 ? 1 : 9, i % 2 === 0 ? 10 : 5);
  expect(cost.estimate()).toEqual({ baseMs: expect.closeTo(7.5, 1), rowMs: 0 });
});
