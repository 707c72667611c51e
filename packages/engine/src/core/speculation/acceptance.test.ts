import { expect, test } from 'vitest';
import { Acceptance } from './acceptance.ts';

test('the rate goes from the guess to what is observed, and follows a change', () => {
  const acceptance = new Acceptance(0.8, 3);
  expect(acceptance.rate).toBeCloseTo(0.8);
  for (let i = 0; i < 20; i++) acceptance.learn(4, 0);
  expect(acceptance.rate).toBeLessThan(0.25);
  for (let i = 0; i < 10; i++) acceptance.learn(4, 4);
  expect(acceptance.rate).toBeGreaterThan(0.9);
});

test('drafts behind the first wrong one were not tried', () => {
  const long = new Acceptance(0.5, 2);
  const short = new Acceptance(0.5, 2);
  long.learn(30, 1);
  short.learn(2, 1);
  expect(long.rate).toBe(short.rate);
});
