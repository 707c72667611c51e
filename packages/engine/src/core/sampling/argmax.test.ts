import fc from 'fast-check';
import { expect, test } from 'vitest';
import { argmax, argmaxMasked } from './argmax.ts';

const logitsArbitrary = fc.array(
  fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(Number.NEGATIVE_INFINITY, Number.NaN)),
  { maxLength: 70 },
);

function findBest(logits: readonly number[], allows: (token: number) => boolean): number {
  let best = -1;
  logits.forEach((logit, token) => {
    if (allows(token) && logit > (best < 0 ? Number.NEGATIVE_INFINITY : logits[best]!)) best = token;
  });
  return best;
}

test('argmax is the first largest logit, whatever the length', () => {
  fc.assert(
    fc.property(logitsArbitrary, (logits) => {
      expect(argmax(Float32Array.from(logits))).toBe(findBest(logits, () => true));
    }),
  );
});

test('argmaxMasked looks at allowed tokens only', () => {
  const words = fc.array(fc.integer(), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(logitsArbitrary, words, (logits, bits) => {
      const mask = Uint32Array.from(bits);
      const allows = (token: number): boolean => (mask[token >> 5]! & (1 << (token & 31))) !== 0;
      expect(argmaxMasked(Float32Array.from(logits), mask)).toBe(findBest(logits, allows));
    }),
  );
});
