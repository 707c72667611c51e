import { expect, test } from 'vitest';
import { type EngineOptions, resolveEngineOptions } from './engine-options.ts';

const defaults: EngineOptions = {
  runner: 'scripted',
  threads: 1,
  cells: 1024,
  sequences: 2,
  batchTokens: 64,
};

test('a deployment adjusts what it names and keeps the rest', () => {
  expect(resolveEngineOptions(defaults, { cells: 4096 })).toEqual({ ...defaults, cells: 4096 });
  expect(resolveEngineOptions(defaults, {})).toEqual(defaults);
});

test.each([{ cells: 0 }, { cells: '4096' }, { threads: 1.5 }, { runner: 'llama-cpp' }, { magic: 1 }])(
  '%j is refused by name',
  (own) => {
    expect(() => resolveEngineOptions(defaults, own)).toThrow(`engine_options has ${Object.keys(own)[0]} = `);
  },
);

test('what a deployment wishes becomes flags of its engine', () => {
  expect(resolveEngineOptions(defaults, {}, { draftTokenCount: 4 })).toEqual({ ...defaults, draftTokens: 4 });
  const fromText = { draftTokenCount: 3, ngramSpeculationLength: 2 };
  expect(resolveEngineOptions(defaults, {}, fromText)).toEqual({
    ...defaults,
    draftTokens: 3,
    ngramTokens: 2,
  });
  expect(resolveEngineOptions(defaults, {}, { maxContextLength: 512 }).cells).toBe(512);
  expect(resolveEngineOptions(defaults, {}, { autoTune: { longPrompt: true } })).toMatchObject({
    cells: 2048,
    batchTokens: 128,
  });
});
