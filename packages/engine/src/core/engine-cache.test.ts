import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { Engine } from './engine.ts';
import type { StepRecord } from './engine-observer.ts';
import type { EnginePolicy } from './engine-policy.ts';
import type { RunnerLimits } from './model-runner.ts';
import { encodePrompt, generate, makeRequest, type Outcome } from './testing/requests.ts';

function openEngine(limits: Partial<RunnerLimits> = {}, policy: Partial<EnginePolicy> = {}) {
  const { runner } = openScriptedModel({ limits });
  const steps: StepRecord[] = [];
  const engine = new Engine({ runner, policy, observer: { onStep: (step) => steps.push(step) } });
  return { engine, runner, steps };
}

const PREFIX = encodePrompt('You are a helpful assistant that answers every question in one short sentence.');

function ask(text: string, overrides: Parameters<typeof makeRequest>[0] = {}) {
  const promptTokens = [...PREFIX, ...new TextEncoder().encode(text)];
  return makeRequest({ promptTokens, maxTokens: 4, ignoreEnd: true, ...overrides });
}

/** The prompt of the next turn: everything so far and a new question. */
function continueConversation(promptTokens: readonly number[], outcome: Outcome, text: string): number[] {
  return [...promptTokens, ...outcome.choices[0]!, ...new TextEncoder().encode(text)];
}

test('a shared prefix is computed once; at least the last token always is', async () => {
  const { engine } = openEngine();
  expect((await generate(engine, ask(' One?'))).cachedTokens).toBe(0);
  expect((await generate(engine, ask(' Two?'))).cachedTokens).toBe(PREFIX.length + 1);
  // The identical prompt again: all but one token.
  expect((await generate(engine, ask(' Two?'))).cachedTokens).toBe(PREFIX.length + 4);
  await engine.close(0);
});

test('a conversation finds its answers too', async () => {
  const { engine } = openEngine();
  const first = ask(' Hello.');
  const outcome = await generate(engine, first);
  const promptTokens = continueConversation(first.promptTokens, outcome, ' Go on.');
  const second = await generate(engine, makeRequest({ promptTokens, maxTokens: 2 }));
  // The last generated token was never fed to the model.
  expect(second.cachedTokens).toBe(first.promptTokens.length + 3);
  await engine.close(0);
});

test('nothing is shared across isolation keys or adapters', async () => {
  const { engine } = openEngine();
  await engine.loadAdapter('one', 'scripted:one');
  await engine.loadAdapter('two', 'scripted:two');
  await generate(engine, ask(' Hi'));
  for (const adapter of [null, 'one', 'two']) {
    for (const isolationKey of ['', 'x', 'y']) {
      if (adapter === null && isolationKey === '') continue;
      expect((await generate(engine, ask(' Hi', { adapter, isolationKey }))).cachedTokens).toBe(0);
    }
  }
  expect(
    (await generate(engine, ask(' Hi', { adapter: 'two', isolationKey: 'y' }))).cachedTokens,
  ).toBeGreaterThan(0);
  await engine.close(0);
});

test('what others asked under another key leaves no trace in time: not in steps, rows, waits or drafts', async () => {
  /** What happens to one request after, or while, somebody else asks. */
  const observe = async (theirs: string, isMeanwhile: boolean) => {
    const { engine, steps } = openEngine();
    const text = ' the cat sat on the mat and the cat sat on the mat';
    const other = generate(engine, ask(theirs, { isolationKey: 'x', maxTokens: 30 }));
    if (!isMeanwhile) await other;
    const before = isMeanwhile ? 0 : steps.length;
    const mine = await generate(engine, ask(text, { isolationKey: 'y', maxTokens: 30 }));
    await other;
    await engine.close(0);
    const shape = steps.slice(before).map(({ prefillRows, decodeRows }) => [prefillRows, decodeRows]);
    if (mine.end.type !== 'finish') throw new Error('it did not finish');
    const { steps: own, draftTokens } = mine.end.timings;
    return { cached: mine.cachedTokens, own, draftTokens, prefill: shape.map(([rows]) => rows) };
  };
  const same = ' the cat sat on the mat and the cat sat on the mat';
  const unlike = ' zq xw vk jh qz wx kv hj zq xw vk jh qz wx kv hj z';
  expect(unlike).toHaveLength(same.length);
  for (const isMeanwhile of [false, true]) {
    const afterSame = await observe(same, isMeanwhile);
    expect(afterSame.cached).toBe(0);
    expect(afterSame).toEqual(await observe(unlike, isMeanwhile));
  }
});

test('the maximum of cached tokens is honoured, and 0 leaves no trace', async () => {
  const { engine } = openEngine();
  await generate(engine, ask(' One?', { cacheTokensMax: 0 }));
  expect(engine.status().cellsUsed).toBe(0);
  expect((await generate(engine, ask(' One?'))).cachedTokens).toBe(0);
  expect((await generate(engine, ask(' One?', { cacheTokensMax: 10 }))).cachedTokens).toBe(10);
  expect((await generate(engine, ask(' One?', { cacheTokensMax: 0 }))).cachedTokens).toBe(0);
  await engine.close(0);
});

test('without a prefix cache nothing stays', async () => {
  const { engine } = openEngine({}, { prefixCache: false });
  await generate(engine, ask(' One?'));
  expect(engine.status().cellsUsed).toBe(0);
  expect((await generate(engine, ask(' One?'))).cachedTokens).toBe(0);
  await engine.close(0);
});

test('requests that arrive together wait for the one that computes their prefix', async () => {
  const { engine, steps } = openEngine({ batchTokensMax: 16 });
  const outcomes = await Promise.all([' a?', ' b?', ' c?', ' d?'].map((text) => generate(engine, ask(text))));
  expect(outcomes.map(({ cachedTokens }) => cachedTokens > PREFIX.length - 16)).toEqual([
    false,
    true,
    true,
    true,
  ]);
  const computed = steps.reduce((rows, step) => rows + step.prefillRows, 0);
  expect(computed).toBeLessThan(PREFIX.length * 1.6);
  await engine.close(0);
});

test('running sequences share the cells of their prefix', async () => {
  const { engine, steps } = openEngine();
  await generate(engine, ask(''));
  await Promise.all([' a?', ' b?', ' c?', ' d?'].map((text) => generate(engine, ask(text))));
  expect(Math.max(...steps.map(({ cellsUsed }) => cellsUsed))).toBeLessThan(PREFIX.length + 4 * 12);
  await engine.close(0);
});

test('the oldest prefixes leave their slots first and come back from host memory', async () => {
  const { engine, steps } = openEngine({ sequencesMax: 3 });
  const topics = ['cats', 'dogs', 'birds', 'fish', 'ants'].map((topic) => encodePrompt(topic.repeat(20)));
  for (const promptTokens of topics) await generate(engine, makeRequest({ promptTokens, maxTokens: 2 }));
  expect(steps.at(-1)!.evictions).toBe(2);
  for (const promptTokens of topics) {
    const { cachedTokens } = await generate(engine, makeRequest({ promptTokens, maxTokens: 2 }));
    expect(cachedTokens).toBe(promptTokens.length - 1);
  }
  expect(steps.at(-1)!.restores).toBeGreaterThanOrEqual(2);
  await engine.close(0);
});

test('a state in host memory serves requests that share only its beginning', async () => {
  const { engine, steps } = openEngine({ sequencesMax: 1 });
  await generate(engine, ask(' What is the capital of France?'));
  await generate(
    engine,
    makeRequest({ promptTokens: encodePrompt('something else entirely, and long'), maxTokens: 2 }),
  );
  const { cachedTokens } = await generate(engine, ask(' Who was Napoleon?'));
  expect(cachedTokens).toBe(PREFIX.length + 3);
  expect(steps.at(-1)!.restores).toBe(1);
  await engine.close(0);
});

test('host memory stays within its budget', async () => {
  const { engine, steps } = openEngine({ sequencesMax: 1 }, { hostBytesMax: 1000 });
  for (let i = 0; i < 20; i++) {
    await generate(engine, makeRequest({ promptTokens: encodePrompt(`${i} `.repeat(20)), maxTokens: 1 }));
  }
  const most = Math.max(...steps.map(({ hostBytes }) => hostBytes));
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(1000);
  await engine.close(0);
});

test('idle prefixes beyond their share of cells move to host memory without pressure', async () => {
  const { engine } = openEngine({}, { cachedCellsMax: 200 });
  for (let i = 0; i < 10; i++) {
    await generate(engine, makeRequest({ promptTokens: encodePrompt(`${i} `.repeat(30)), maxTokens: 1 }));
    // Its own 61 cells join the idle ones when it ends, and are counted when the next one starts.
    expect(engine.status().cellsUsed).toBeLessThanOrEqual(200 + 61);
  }
  const again = await generate(
    engine,
    makeRequest({ promptTokens: encodePrompt('0 '.repeat(30)), maxTokens: 1 }),
  );
  expect(again.cachedTokens).toBe(60);
  await engine.close(0);
});

test('an aborted prompt leaves what it had computed to the next one', async () => {
  const { engine, steps } = openEngine({ batchTokensMax: 16 });
  const request = makeRequest({ promptTokens: encodePrompt('word '.repeat(100)), maxTokens: 1 });
  const aborted = generate(engine, request);
  while (steps.length < 10) await new Promise((turn) => setImmediate(turn));
  engine.abort(request.id);
  await aborted;
  const { cachedTokens } = await generate(engine, { ...request, id: 'again' });
  expect(cachedTokens).toBeGreaterThanOrEqual(160);
  await engine.close(0);
});

test('a model that cannot trim takes over whole conversations only', async () => {
  const { engine } = openEngine({ canTrimSequences: false });
  const first = ask(' Hello.');
  const outcome = await generate(engine, first);
  expect((await generate(engine, ask(' Other?'))).cachedTokens).toBe(0);
  const promptTokens = continueConversation(first.promptTokens, outcome, ' Go on.');
  const second = await generate(engine, makeRequest({ promptTokens, maxTokens: 2 }));
  expect(second.cachedTokens).toBe(first.promptTokens.length + 3);
  await engine.close(0);
});
