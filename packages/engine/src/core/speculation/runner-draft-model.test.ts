import { expect, test } from 'vitest';
import { openScriptedModel } from '../../runners/scripted/open-scripted-model.ts';
import { createHashScript, createRepeatingScript, type Script } from '../../runners/scripted/scripts.ts';
import { Engine } from '../engine.ts';
import type { StepRecord } from '../engine-observer.ts';
import type { GenerationRequest } from '../generation.ts';
import type { RunnerLimits } from '../model-runner.ts';
import { encodePrompt, generate, makeRequest } from '../testing/requests.ts';
import { createDraftModel } from './runner-draft-model.ts';

/** Follows its last two tokens, so a smaller model can learn it; the history shifts it a little. */
const SERVED = createRepeatingScript({ contextTokens: 2, historyWeight: 0.003 });
const DRAFT = createRepeatingScript({ contextTokens: 2, historyWeight: 0 });

async function run(
  requests: readonly GenerationRequest[],
  draft: { script: Script; limits?: Partial<RunnerLimits> } | null,
) {
  const served = openScriptedModel({ script: SERVED, stepMs: (rows) => 20 + rows, takesTime: false });
  const drafting = draft === null ? null : openScriptedModel(draft);
  const steps: StepRecord[] = [];
  const engine = new Engine({
    runner: served.runner,
    // No drafts from the text itself: a run this long never repeats.
    policy: { ngramTokens: 16 },
    observer: { onStep: (step) => steps.push(step) },
    ...(drafting === null
      ? {}
      : { draftModel: createDraftModel(drafting.runner, served.runner.limits.vocabularySize) }),
  });
  const outcomes = await Promise.all(requests.map((request) => generate(engine, request)));
  await engine.close(0);
  return {
    texts: outcomes.map(({ choices }) => choices),
    steps: steps.length,
    accepted: steps.reduce((sum, step) => sum + step.draftRowsAccepted, 0),
    draftCells: drafting?.runner.cellsUsed ?? 0,
  };
}

function makeRequests(count: number): GenerationRequest[] {
  return Array.from({ length: count }, (_, i) =>
    makeRequest({
      promptTokens: encodePrompt(`prompt number ${i}`),
      maxTokens: 60,
      ignoreEnd: true,
      sampling: { temperature: i % 2 === 0 ? 0 : 0.01, seed: i },
    }),
  );
}

test('a draft model saves steps and changes no text; several sequences draft together', async () => {
  const requests = makeRequests(4);
  const plain = await run(requests, null);
  const drafted = await run(requests, { script: DRAFT });
  expect(drafted.texts).toEqual(plain.texts);
  expect(drafted.accepted).toBeGreaterThan(120);
  expect(drafted.steps).toBeLessThan(plain.steps / 2);
  expect(drafted.draftCells).toBe(0);
});

test('a draft model with few slots and cells drafts for some and harms none', async () => {
  const requests = makeRequests(6);
  const plain = await run(requests, null);
  const limits = { sequencesMax: 2, cellsMax: 90, batchTokensMax: 8 };
  const drafted = await run(requests, { script: DRAFT, limits });
  expect(drafted.texts).toEqual(plain.texts);
  expect(drafted.accepted).toBeGreaterThan(20);
  expect(drafted.draftCells).toBe(0);
});

test('a draft model that is always wrong is soon left alone', async () => {
  const requests = makeRequests(1);
  const drafted = await run(requests, { script: createHashScript() });
  expect(drafted.texts).toEqual((await run(requests, null)).texts);
  expect(drafted.steps).toBeGreaterThan(50);
});

test('a draft model that fails is left out, and serving goes on', async () => {
  const served = openScriptedModel({ script: SERVED, stepMs: (rows) => 20 + rows, takesTime: false });
  const drafting = openScriptedModel({ script: DRAFT });
  let forwards = 0;
  const forward = drafting.runner.forward.bind(drafting.runner);
  drafting.runner.forward = (batch) => {
    if (++forwards === 5) return Promise.reject(new Error('device lost'));
    return forward(batch);
  };
  const failures: unknown[] = [];
  const engine = new Engine({
    runner: served.runner,
    draftModel: createDraftModel(drafting.runner, served.runner.limits.vocabularySize),
    observer: { onDraftFailure: (error) => failures.push(error) },
  });
  const [request] = makeRequests(1);
  const { choices } = await generate(engine, request!);
  expect([choices]).toEqual((await run([{ ...request!, id: 'plain' }], null)).texts);
  expect(forwards).toBe(5);
  expect(failures).toHaveLength(1);
  await engine.close(0);
});

test('a draft model with another vocabulary is refused', () => {
  const { runner } = openScriptedModel({ limits: { vocabularySize: 300 } });
  expect(() => createDraftModel(runner, 263)).toThrow(
    'The draft model has 300 tokens and the served model 263',
  );
});
