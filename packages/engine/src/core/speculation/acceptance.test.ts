import { expect, test } from 'vitest';
import { Acceptance } from './acceptance.ts';

test('the rate goes from the first guess to what is observed, and follows a change', () => {
  const acceptance = new Acceptance(0.6, 3);
  expect(acceptance.rate).toBeCloseTo(0.6);
  for (let i = 0; i < 15; i++) acceptance.learn(true);
  expect(acceptance.rate).toBeGreaterThan(0.9);
  for (let i = 0; i < 60; i++) acceptance.learn(false);
  expect(acceptance.rate).toBeLessThan(0.25);
});
