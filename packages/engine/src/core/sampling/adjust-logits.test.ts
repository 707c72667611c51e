import { expect, test } from 'vitest';
import { makeSampling } from '../testing/requests.ts';
import { adjustLogits, needsTokenCounts } from './adjust-logits.ts';
import { TokenCounts } from './token-counts.ts';

function adjust(
  options: Parameters<typeof makeSampling>[0],
  suppressed: readonly number[] | null = null,
): number[] {
  // Prompt 0 1 1; output 1 2 2 2.
  const counts = new TokenCounts([0, 1, 1]);
  for (const token of [1, 2, 2, 2]) counts.addGenerated(token);
  const logits = Float32Array.from([2, -2, 3, 4]);
  const sampling = makeSampling(options);
  adjustLogits(logits, sampling, needsTokenCounts(sampling) ? counts : null, suppressed);
  return [...logits];
}

test('frequency and presence penalties count output tokens only', () => {
  // logits[j] -= c[j] * frequency_penalty + (c[j] > 0 ? 1 : 0) * presence_penalty
  expect(adjust({ frequencyPenalty: 0.5, presencePenalty: 0.25 })).toEqual([2, -2.75, 1.25, 4]);
});

test('the repetition penalty divides positive logits and multiplies negative ones, prompt included', () => {
  expect(adjust({ repetitionPenalty: 2 })).toEqual([1, -4, 1.5, 4]);
});

test('logit bias is added after penalties', () => {
  expect(
    adjust({
      repetitionPenalty: 2,
      logitBias: new Map([
        [0, 10],
        [3, -200],
      ]),
    }),
  ).toEqual([11, -4, 1.5, -196]);
});

test('suppressed tokens become impossible', () => {
  expect(adjust({}, [3])).toEqual([2, -2, 3, Number.NEGATIVE_INFINITY]);
});
