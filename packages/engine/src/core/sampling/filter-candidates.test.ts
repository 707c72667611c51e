import fc from 'fast-check';
import { expect, test } from 'vitest';
import { computeReferenceDistribution } from '../testing/reference-distribution.ts';
import { makeSampling } from '../testing/requests.ts';
import { Candidates } from './candidates.ts';
import { filterCandidates } from './filter-candidates.ts';

const logitsArbitrary = fc.array(fc.integer({ min: -4000, max: 4000 }), { minLength: 1, maxLength: 60 }).map(
  // Distinct by a little, so that no tie can be broken either way.
  (values) => values.map((value, token) => Math.fround(value / 300 + token * 1e-4)),
);

const samplingArbitrary = fc.record({
  temperature: fc.constantFrom(0.3, 0.7, 1, 1.5),
  topK: fc.constantFrom(0, 0, 1, 2, 5, 40),
  topP: fc.constantFrom(1, 1, 0.99, 0.9, 0.5, 0.1, 0),
  minP: fc.constantFrom(0, 0, 0.02, 0.3, 1),
  typicalP: fc.constantFrom(1, 1, 0.9, 0.4),
  mirostatTarget: fc.constantFrom(null, null, 3),
});

function filter(
  logits: readonly number[],
  options: Parameters<typeof makeSampling>[0],
  mask: Uint32Array | null,
) {
  const candidates = new Candidates(logits.length);
  const possible = filterCandidates(candidates, Float32Array.from(logits), makeSampling(options), 4, mask);
  const probabilities = logits.map(() => 0);
  if (!possible) return probabilities;
  for (let i = 0; i < candidates.count; i++) {
    probabilities[candidates.tokenAt(i)] = candidates.weights[i]! / candidates.total;
  }
  return probabilities;
}

test('every combination of filters gives the distribution that sorting and renormalising gives', () => {
  fc.assert(
    fc.property(logitsArbitrary, samplingArbitrary, (logits, options) => {
      const expected = computeReferenceDistribution(logits, makeSampling(options), 4);
      const actual = filter(logits, options, null);
      actual.forEach((probability, token) => {
        expect(probability).toBeCloseTo(expected[token]!, 6);
      });
    }),
    { numRuns: 2000 },
  );
});

test('a mask acts as if the other tokens did not exist', () => {
  const maskArbitrary = fc.tuple(fc.integer({ min: 1 }), fc.integer({ min: 0 }));
  fc.assert(
    fc.property(logitsArbitrary, samplingArbitrary, maskArbitrary, (logits, options, words) => {
      const mask = Uint32Array.from(words);
      const allows = (token: number): boolean => (mask[token >> 5]! & (1 << (token & 31))) !== 0;
      fc.pre(logits.some((_, token) => allows(token)));
      const expected = computeReferenceDistribution(logits, makeSampling(options), 4, allows);
      const actual = filter(logits, options, mask);
      actual.forEach((probability, token) => {
        expect(probability).toBeCloseTo(expected[token]!, 6);
      });
    }),
    { numRuns: 1000 },
  );
});

test('without a possible token there is no candidate', () => {
  const impossible = Float32Array.from([Number.NEGATIVE_INFINITY, Number.NaN]);
  const candidates = new Candidates(2);
  for (const topK of [0, 1]) {
    expect(filterCandidates(candidates, impossible, makeSampling({ temperature: 1, topK }), 0, null)).toBe(
      false,
    );
  }
});

test('the smallest temperatures leave the best token alone', () => {
  for (const temperature of [1e-320, 1e-30, 1e-6]) {
    expect(filter([1, 3, 2], { temperature }, null)).toEqual([0, 1, 0]);
  }
});
