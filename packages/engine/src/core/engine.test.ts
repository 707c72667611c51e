import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { Engine } from './engine.ts';
import { generate, makeRequest } from './testing/requests.ts';

test('a request gets its prompt, its tokens, the end of its choice and one finish', async () => {
  const { runner } = openScriptedModel();
  const engine = new Engine({ runner });
  const { events } = await generate(engine, makeRequest({ ignoreEnd: true, maxTokens: 3 }));
  expect(events.map(({ type }) => type)).toEqual([
    'prompt',
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
  const request = makeRequest({ choices: 4, ignoreEnd: true, maxTokens: 8, sampling: { temperature: 1 } });
  const { choices } = await generate(engine, request);
  expect(new Set(choices.map((tokens) => tokens.join())).size).toBe(4);
  await engine.close(0);
});
