import { expect, test } from 'vitest';
import type { Constraint } from '../constraint.ts';
import { computeReferenceDistribution, measureMisfit } from '../testing/reference-distribution.ts';
import { makeSampling } from '../testing/requests.ts';
import { createSeededRandom } from '../testing/seeded-random.ts';
import { createSamplerState, Sampler } from './sampler.ts';

const LOGITS = (() => {
  const random = createSeededRandom(7);
  return Float32Array.from({ length: 50 }, () => random.next() * 6 - 3);
})();

/** Allows a fixed set of tokens at every place. */
function allowOnly(allows: (token: number) => boolean): Constraint & { fills: number } {
  return {
    fills: 0,
    allows,
    fillMask(mask) {
      this.fills++;
      mask.fill(0);
      for (let token = 0; token < LOGITS.length; token++) {
        if (allows(token)) mask[token >> 5]! |= 1 << (token & 31);
      }
    },
    accept: allows,
    forcedTokens: () => [],
    rollback: () => undefined,
    canEnd: false,
    mustEnd: false,
  };
}

function countDraws(
  options: Parameters<typeof makeSampling>[0],
  constraint: Constraint | null,
  draws = 20_000,
  logits = LOGITS,
) {
  const sampler = new Sampler(LOGITS.length);
  const state = createSamplerState(makeSampling({ seed: 42, ...options }), 0);
  const counts = Array.from(LOGITS, () => 0);
  for (let position = 0; position < draws; position++) {
    const token = sampler.sample(logits, state, position, constraint);
    counts[token]!++;
  }
  return counts;
}

const CASES = {
  plain: { temperature: 1 },
  hot: { temperature: 1.7 },
  'top_k 5': { temperature: 1, topK: 5 },
  'top_p 0.8': { temperature: 0.9, topP: 0.8 },
  'min_p 0.1': { temperature: 1, minP: 0.1 },
  'typical_p 0.6': { temperature: 1, typicalP: 0.6 },
  'all of them': { temperature: 1.2, topK: 30, topP: 0.95, minP: 0.02, typicalP: 0.95 },
} as const;

test.each(Object.entries(CASES))('draws follow the filtered distribution: %s', (_name, options) => {
  const probabilities = computeReferenceDistribution([...LOGITS], makeSampling(options), 0);
  const counts = countDraws(options, null);
  expect(measureMisfit(counts, probabilities)).toBeLessThan(4);
  counts.forEach((count, token) => {
    if (probabilities[token] === 0) expect(count).toBe(0);
  });
});

test.each(Object.entries(CASES))(
  'draws under a constraint follow the masked distribution: %s',
  (_name, options) => {
    // The sampled token is checked first and the mask filled only if it is refused; that must not show.
    const allows = (token: number): boolean => token % 3 !== 0;
    const filtered = computeReferenceDistribution([...LOGITS], makeSampling(options), 0);
    const mass = filtered.reduce((sum, probability, token) => sum + (allows(token) ? probability : 0), 0);
    const masked = filtered.map((probability, token) => (allows(token) ? probability / mass : 0));
    const constraint = allowOnly(allows);
    const counts = countDraws(options, constraint);
    expect(measureMisfit(counts, masked)).toBeLessThan(4);
    expect(constraint.fills).toBeLessThan(19_000);
    expect(constraint.fills).toBeGreaterThan(100);
  },
);

test('if the mask leaves none of the filtered tokens, the filters start over on allowed ones', () => {
  const worst = [...LOGITS.keys()].sort((a, b) => LOGITS[a]! - LOGITS[b]!).slice(0, 10);
  const options = { temperature: 1, topK: 3 };
  const allows = (token: number): boolean => worst.includes(token);
  const expected = computeReferenceDistribution([...LOGITS], makeSampling(options), 0, allows);
  expect(measureMisfit(countDraws(options, allowOnly(allows)), expected)).toBeLessThan(4);
});

test('allowed tokens far below the best one keep their proportions', () => {
  const best = LOGITS.length - 1;
  const logits = LOGITS.slice();
  logits[best] = 90;
  const allows = (token: number): boolean => token < 20;
  for (const options of [{ temperature: 1 }, { temperature: 1, topK: 3 }, { temperature: 1, topP: 0.9 }]) {
    const expected = computeReferenceDistribution([...logits], makeSampling(options), 0, allows);
    const counts = countDraws(options, allowOnly(allows), 20_000, logits);
    expect(measureMisfit(counts, expected)).toBeLessThan(4);
  }
});

test('temperature 0 takes the best token, or the best allowed one', () => {
  const order = [...LOGITS.keys()].sort((a, b) => LOGITS[b]! - LOGITS[a]!);
  const sampler = new Sampler(LOGITS.length);
  const state = createSamplerState(makeSampling(), 0);
  expect(sampler.sample(LOGITS, state, 0, null)).toBe(order[0]);
  const constraint = allowOnly((token) => order.indexOf(token) >= 4);
  expect(sampler.sample(LOGITS, state, 0, constraint)).toBe(order[4]);
});

test('nothing possible gives -1', () => {
  const sampler = new Sampler(4);
  const logits = new Float32Array(4).fill(Number.NEGATIVE_INFINITY);
  for (const temperature of [0, 1]) {
    const state = createSamplerState(makeSampling({ temperature }), 0);
    expect(sampler.sample(logits, state, 0, null)).toBe(-1);
  }
});

test('a draw depends on seed, choice and position only', () => {
  const draw = (seed: number, choice: number, position: number): number[] => {
    const sampler = new Sampler(LOGITS.length);
    const state = createSamplerState(makeSampling({ temperature: 1.5, seed }), choice);
    return Array.from({ length: 20 }, (_, i) => sampler.sample(LOGITS, state, position + i, null));
  };
  expect(draw(1, 0, 0)).toEqual(draw(1, 0, 0));
  expect(draw(1, 0, 5).slice(0, 15)).toEqual(draw(1, 0, 0).slice(5));
  expect(draw(1, 1, 0)).not.toEqual(draw(1, 0, 0));
  expect(draw(2, 0, 0)).not.toEqual(draw(1, 0, 0));
  expect(draw(1 + 2 ** 40, 0, 0)).not.toEqual(draw(1, 0, 0));
});

test('mirostat holds the average surprise near its target', () => {
  for (const mirostatTarget of [1.5, 3]) {
    const options = { temperature: 1, mirostatTarget, mirostatRate: 0.1 };
    const sampler = new Sampler(LOGITS.length);
    const state = createSamplerState(makeSampling(options), 0);
    let surprise = 0;
    const draws = 4000;
    for (let position = 0; position < draws; position++) {
      const distribution = computeReferenceDistribution([...LOGITS], makeSampling(options), state.mirostatMu);
      surprise -= Math.log2(distribution[sampler.sample(LOGITS, state, position, null)]!);
    }
    expect(surprise / draws).toBeGreaterThan(mirostatTarget - 0.15);
    expect(surprise / draws).toBeLessThan(mirostatTarget + 0.15);
  }
});
