import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { Engine } from './engine.ts';
import type { GenerationEvent, GenerationRequest } from './generation.ts';

export function makeRequest(overrides: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    id: `request-${Math.random()}`,
    promptTokens: [256, 72, 105],
    sampling: {
      temperature: 0,
      topK: 0,
      topP: 1,
      minP: 0,
      typicalP: 1,
      repetitionPenalty: 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      mirostatTarget: null,
      mirostatRate: 0.1,
      logitBias: new Map(),
      seed: 1,
    },
    maxTokens: 20,
    minTokens: 0,
    choices: 1,
    endTokens: [257, 259],
    ignoreEnd: false,
    adapter: null,
    isolationKey: '',
    cacheTokensMax: null,
    tenant: 'a',
    priority: 0,
    logprobs: null,
    promptLogprobs: null,
    prediction: null,
    speculate: true,
    constraint: null,
    ...overrides,
  };
}

export function generate(engine: Engine, request: GenerationRequest): Promise<GenerationEvent[]> {
  return new Promise((resolve) => {
    const events: GenerationEvent[] = [];
    engine.submit(request, (event) => {
      events.push(event);
      if (event.type === 'finish' || event.type === 'error' || event.type === 'aborted') resolve(events);
    });
  });
}

test('a request gets its prompt, its tokens, the end of its choice and one finish', async () => {
  const { runner } = openScriptedModel();
  const engine = new Engine({ runner });
  const events = await generate(engine, makeRequest({ ignoreEnd: true, maxTokens: 5 }));
  expect(events.map(({ type }) => type)).toEqual([
    'prompt',
    'token',
    'token',
    'token',
    'token',
    'token',
    'choice-end',
    'finish',
  ]);
  await engine.close(0);
  expect(runner.cellsUsed).toBe(engine.status().cellsUsed);
});

test('choices share the prompt and differ by their seeds', async () => {
  const { runner } = openScriptedModel();
  const engine = new Engine({ runner });
  const request = makeRequest({ choices: 4, ignoreEnd: true, maxTokens: 8 });
  const events = await generate(engine, { ...request, sampling: { ...request.sampling, temperature: 1 } });
  const texts = [0, 1, 2, 3].map((choice) =>
    events
      .filter((event) => event.type === 'token' && event.choice === choice)
      .map((event) => 'token' in event && event.token)
      .join(),
  );
  expect(new Set(texts).size).toBe(4);
  await engine.close(0);
});
