import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { resolvePolicy } from './engine-policy.ts';

const { limits } = openScriptedModel().runner;

test('defaults follow from what the runner can hold', () => {
  expect(resolvePolicy(limits)).toMatchObject({
    runningMax: limits.sequencesMax,
    prefillTokensMax: limits.batchTokensMax,
    cachedCellsMax: limits.cellsMax / 4,
  });
  expect(resolvePolicy(limits, { hostBytesMax: 0 }).cachedCellsMax).toBe(limits.cellsMax);
  const tiny = { ...limits, batchTokensMax: 1, sequencesMax: 1, cellsMax: 1 };
  expect(resolvePolicy(tiny)).toMatchObject({ draftTokensMax: 0, prefillTokensMin: 1, runningMax: 1 });
});

test.each([
  ['runningMax', { runningMax: 17 }],
  ['runningMax', { runningMax: 0 }],
  ['prefillTokensMin', { prefillTokensMin: 9, prefillTokensMax: 8 }],
  ['queueMax', { queueMax: Number.NaN }],
  ['logitRowsMax', { logitRowsMax: 3 }],
  ['draftTokensMax', { draftTokensMax: 512 }],
])('a value that cannot work is refused by name: %s', (name, given) => {
  expect(() => resolvePolicy(limits, given)).toThrow(`Engine policy ${name} is`);
});
