import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFolder, spawnEngine } from '../../packages/engine/src/testing/spawn-engine.ts';
import { writeTinyModel } from '../../packages/llama/src/index.ts';
import { listFormats } from './formats.ts';
import { judgeAnswers } from './judge-answers.ts';

test('there are 50 schemas and 20 grammars, and the judges refuse', () => {
  const formats = listFormats();
  expect(formats.length).toBe(70);
  for (const { id, isValid } of formats) expect([id, isValid('\u0001[a\n')]).toEqual([id, false]);
});

test('answers of a random model at temperature 1.5 that end by themselves are all valid', {
  timeout: 300_000,
}, async () => {
  using folder = openFolder();
  const path = join(folder.path, 'tiny.gguf');
  await writeTinyModel(path);
  const flags = [
    '--model',
    path,
    '--threads',
    '1',
    '--cells',
    '2048',
    '--sequences',
    '4',
    '--backend',
    'cpu',
  ];
  const engine = await spawnEngine(flags);
  try {
    const formats = listFormats();
    const { address } = engine;
    const counts = await judgeAnswers({ address, formats, answersEach: 2, maxTokens: 120, seed: 11 });
    expect(counts.wrong).toEqual([]);
    expect(counts.answers).toBe(140);
    // Else the test would say nothing.
    expect(counts.ended).toBeGreaterThan(90);
  } finally {
    await engine.stop();
  }
});
