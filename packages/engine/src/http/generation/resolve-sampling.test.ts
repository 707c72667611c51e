import { expect, test } from 'vitest';
import { createSamplerState, Sampler } from '../../core/sampling/sampler.ts';
import { createSeededRandom } from '../../core/testing/seeded-random.ts';
import { openScriptedModel } from '../../runners/scripted/open-scripted-model.ts';
import { describeServedModel } from '../served-model.ts';
import { resolveSampling } from './resolve-sampling.ts';

test.each([4, 20])('a mirostat_target of %i holds the perplexity of what is drawn there', (target) => {
  const opened = openScriptedModel({ script: (_history, logits) => void logits.fill(0) });
  const model = describeServedModel(opened, { name: 'test', chatTemplate: null, toolFormat: null });
  const { vocabularySize } = model.tokenizer;
  const body = { model: 'test', prompt: 'x', temperature: 1, mirostat_target: target, seed: 3 };
  const sampling = resolveSampling(body, model);
  const sampler = new Sampler(vocabularySize);
  const state = createSamplerState(sampling, 0);
  const random = createSeededRandom(5);
  const logits = Float32Array.from({ length: vocabularySize }, () => 3 * random.next());
  const weights = logits.map((logit) => Math.exp(logit));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let bits = 0;
  const draws = 2000;
  for (let position = 0; position < draws; position++) {
    // What may be drawn now: tokens whose surprise is below the bound, as the paper has it.
    const { mirostatMu } = state;
    const kept = weights.filter((weight) => -Math.log2(weight / total) <= mirostatMu);
    const mass = kept.reduce((sum, weight) => sum + weight, 0);
    const token = sampler.sample(logits, state, position, null);
    // Of nothing below the bound the likeliest token is left, which surprises nobody.
    bits -= mass === 0 ? 0 : Math.log2(weights[token]! / mass);
  }
  expect(2 ** (bits / draws)).toBeGreaterThan(0.9 * target);
  expect(2 ** (bits / draws)).toBeLessThan(1.1 * target);
});
