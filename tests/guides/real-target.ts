import type { Platform } from '../e2e/start-platform.ts';
import { startRealModel } from '../e2e/start-real-model.ts';
import type { SampleTarget } from './run-sample.ts';

/**
 * SmolLM2 behind a whole server, or the reason why there is none. Its context is short: the samples give no
 * `max_tokens`, and a model this small often finds no end.
 */
export async function startRealTarget(): Promise<{ target: SampleTarget; platform: Platform } | string> {
  const platform = await startRealModel('smollm2-135m-instruct', {
    SPARKLER_ENGINE_CELLS: '256',
    SPARKLER_ENGINE_SEQUENCES: '2',
  });
  if (typeof platform === 'string') return platform;
  const { baseUrl, apiKey } = platform;
  return { target: { baseUrl, apiKey, model: 'accounts/fireworks/models/smollm2-135m-instruct' }, platform };
}
