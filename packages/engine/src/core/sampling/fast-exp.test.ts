import { expect, test } from 'vitest';
import { fastExp } from './fast-exp.ts';

test('fastExp is exp from 0 down to -32 and 0 below', () => {
  for (let x = 0; x > -32; x -= 0.0137) {
    const error = Math.abs(fastExp(x) / Math.exp(x) - 1);
    expect(error).toBeLessThan(3e-9);
  }
  expect(fastExp(0)).toBe(1);
  expect(fastExp(-32.001)).toBe(0);
  expect(fastExp(Number.NEGATIVE_INFINITY)).toBe(0);
  expect(fastExp(Number.NaN)).toBe(0);
});
