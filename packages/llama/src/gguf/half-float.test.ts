import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBfloat, decodeHalf, encodeBfloat, encodeHalf } from './half-float.ts';

test('every half-precision number survives a round trip', () => {
  for (let half = 0; half < 65536; half++) {
    const value = decodeHalf(half);
    if (Number.isNaN(value)) expect(decodeHalf(encodeHalf(value))).toBeNaN();
    else expect(encodeHalf(value)).toBe(half);
  }
});

test('every bfloat16 number survives a round trip', () => {
  for (let half = 0; half < 65536; half++) {
    const value = decodeBfloat(half);
    if (Number.isNaN(value)) expect(decodeBfloat(encodeBfloat(value))).toBeNaN();
    else expect(encodeBfloat(value)).toBe(half);
  }
});

test('encoding takes the nearest representable number', () => {
  const finite = fc.float({ noNaN: true, min: -65000, max: 65000 });
  fc.assert(
    fc.property(finite, (value) => {
      const half = encodeHalf(value);
      const error = Math.abs(decodeHalf(half) - value);
      for (const neighbour of [half - 1, half + 1]) {
        const other = decodeHalf(neighbour & 0xffff);
        if (Number.isFinite(other)) expect(error).toBeLessThanOrEqual(Math.abs(other - value));
      }
    }),
  );
});

test('numbers too large for half precision become infinity', () => {
  expect(decodeHalf(encodeHalf(65520))).toBe(Infinity);
  expect(decodeHalf(encodeHalf(65519))).toBe(65504);
  expect(decodeHalf(encodeHalf(-1e10))).toBe(-Infinity);
  expect(decodeBfloat(encodeBfloat(3.4028235e38))).toBe(Infinity);
});
