import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Candidates } from './candidates.ts';
import { logprobOf, readLogprobs, topLogprobs } from './logprobs.ts';

test('log probabilities are the log softmax, and the top ones are the largest in order', () => {
  const arbitrary = fc.array(fc.integer({ min: -3000, max: 3000 }), { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(arbitrary, fc.integer({ min: 0, max: 90 }), (values, count) => {
      const logits = Float32Array.from(values, (value, token) => value / 100 + token * 1e-3);
      const max = Math.max(...logits);
      const logSum = max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0));
      const reader = readLogprobs(logits);
      const expected = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, count);
      const top = topLogprobs(reader, count, new Candidates(logits.length));
      expect(top.map(({ token }) => token)).toEqual(expected);
      for (const { token, logprob } of top) {
        expect(logprob).toBeCloseTo(logits[token]! - logSum, 5);
        expect(logprob).toBe(logprobOf(reader, token));
      }
    }),
  );
});
