import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { createRepeatingScript } from '../runners/scripted/scripts.ts';
import { Engine } from './engine.ts';
import type { RequestRecord, StepRecord } from './engine-observer.ts';
import type { EnginePolicy } from './engine-policy.ts';
import type { GenerationEvent } from './generation.ts';
import { encodePrompt, generate, isTerminal, makeRequest } from './testing/requests.ts';
import { createWordsConstraint } from './testing/words-constraint.ts';

type ModelOptions = Parameters<typeof openScriptedModel>[0];

function openEngine(options: ModelOptions = {}, policy: Partial<EnginePolicy> = {}) {
  const { runner } = openScriptedModel(options);
  const steps: StepRecord[] = [];
  const requests: RequestRecord[] = [];
  const engine = new Engine({
    runner,
    policy,
    observer: { onStep: (step) => steps.push(step), onRequestEnd: (request) => requests.push(request) },
  });
  return { engine, runner, steps, requests };
}

/** Waits until the engine has made so many steps; turn by turn, so that no time is assumed. */
async function untilStep(steps: readonly StepRecord[], count: number): Promise<void> {
  while (steps.length < count) await new Promise((turn) => setImmediate(turn));
}

const LONG = { ignoreEnd: true, maxTokens: 1000 } as const;

test('a request gets its prompt, its tokens, the end of its choice and one finish', async () => {
  const { engine, runner } = openEngine();
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

test('no event comes within submit, not even a refusal', () => {
  const { engine } = openEngine();
  let inside = true;
  for (const promptTokens of [[65], []]) {
    engine.submit(makeRequest({ promptTokens }), () => expect(inside).toBe(false));
  }
  inside = false;
  return engine.close(1000);
});

test('choices share the prompt, each with its own text', async () => {
  const { engine, steps } = openEngine();
  const promptTokens = encodePrompt('a'.repeat(200));
  const request = makeRequest({
    promptTokens,
    choices: 4,
    ignoreEnd: true,
    maxTokens: 8,
    sampling: { temperature: 1 },
  });
  const { choices } = await generate(engine, request);
  expect(new Set(choices.map((tokens) => tokens.join())).size).toBe(4);
  expect(steps.reduce((rows, step) => rows + step.prefillRows, 0)).toBe(promptTokens.length);
  expect(steps.at(-1)!.cellsUsed).toBeLessThan(promptTokens.length + 4 * 8);
  await engine.close(0);
});

test('choices that find no slot are generated one after the other', async () => {
  const { engine } = openEngine({ limits: { sequencesMax: 2 } });
  const { choices, end } = await generate(engine, makeRequest({ choices: 5, ignoreEnd: true, maxTokens: 6 }));
  expect(end.type).toBe('finish');
  expect(choices.map(({ length }) => length)).toEqual([6, 6, 6, 6, 6]);
  await engine.close(0);
});

test('requests run together and the batch carries them all', async () => {
  const { engine, steps } = openEngine();
  const requests = Array.from({ length: 8 }, () => makeRequest({ ignoreEnd: true, maxTokens: 20 }));
  await Promise.all(requests.map((request) => generate(engine, request)));
  expect(Math.max(...steps.map(({ sequences }) => sequences))).toBe(8);
  await engine.close(0);
});

test('a long prompt is computed in chunks and decodes get on in every step', async () => {
  const { engine, steps } = openEngine({ limits: { batchTokensMax: 64 } });
  const decoding = generate(engine, makeRequest({ ...LONG, maxTokens: 60, speculate: false }));
  await untilStep(steps, 2);
  await generate(engine, makeRequest({ promptTokens: encodePrompt('x'.repeat(1000)), maxTokens: 1 }));
  await decoding;
  const mixed = steps.filter(({ prefillRows, decodeRows }) => prefillRows > 0 && decodeRows > 0);
  expect(mixed.length).toBeGreaterThan(10);
  for (const step of steps) expect(step.rows).toBeLessThanOrEqual(64);
  for (const step of steps.slice(1, 40)) expect(step.decodeRows).toBe(1);
  await engine.close(0);
});

test('a short prompt behind a long one waits for one chunk, not for the whole', async () => {
  const { engine, steps } = openEngine({ limits: { batchTokensMax: 64 } });
  const long = generate(engine, makeRequest({ promptTokens: encodePrompt('x'.repeat(3000)), maxTokens: 1 }));
  await untilStep(steps, 2);
  const before = steps.length;
  await generate(engine, makeRequest({ promptTokens: encodePrompt('short'), maxTokens: 1 }));
  expect(steps.length - before).toBeLessThanOrEqual(3);
  expect((await long).end.type).toBe('finish');
  await engine.close(0);
});

test('an abort ends the request and frees its slot within one step', async () => {
  const { engine, runner, steps } = openEngine();
  const request = makeRequest(LONG);
  let stepsAtAbort = 0;
  const { events } = await generate(engine, request, (event) => {
    if (event.type !== 'token' || stepsAtAbort > 0) return;
    stepsAtAbort = steps.length;
    engine.abort(request.id);
  });
  expect(steps.length - stepsAtAbort).toBeLessThanOrEqual(1);
  expect(events.filter(isTerminal)).toEqual([{ type: 'aborted' }]);
  expect(events.filter(({ type }) => type === 'token')).toHaveLength(1);
  expect(engine.status().running).toBe(0);
  expect(engine.checkIntegrity()).toEqual([]);
  expect(runner.cellsUsed).toBe(engine.status().cellsUsed);
  engine.abort('nobody');
  await engine.close(0);
});

test('waiting requests hear their place, and one too many is refused', async () => {
  const { engine, steps } = openEngine({ limits: { sequencesMax: 1 } }, { queueMax: 2 });
  const first = generate(engine, makeRequest({ ...LONG, maxTokens: 30 }));
  await untilStep(steps, 2);
  const waiting = [
    makeRequest({ maxTokens: 1 }),
    makeRequest({ maxTokens: 1 }),
    makeRequest({ maxTokens: 1 }),
  ];
  const outcomes = await Promise.all(waiting.map((request) => generate(engine, request)));
  const positions = outcomes.map(({ events }) =>
    events.flatMap((event) => (event.type === 'queue' ? [event.position] : [])),
  );
  expect(positions).toEqual([[0], [1, 0], []]);
  expect(outcomes[2]!.end).toMatchObject({ type: 'error', code: 'queue-full' });
  await first;
  await engine.close(0);
});

test('an urgent request takes the place of one that can wait, which then goes on unharmed', async () => {
  const script = createRepeatingScript();
  const expected = openEngine({ script });
  const request = makeRequest({ ...LONG, maxTokens: 80 });
  const alone = await generate(expected.engine, { ...request });
  const { engine, steps } = openEngine({ script, limits: { sequencesMax: 1 } });
  const order: string[] = [];
  const patient = generate(engine, request).then((outcome) => {
    order.push('patient');
    return outcome;
  });
  await untilStep(steps, 25);
  await generate(engine, makeRequest({ priority: 1, promptTokens: encodePrompt('now'), maxTokens: 5 }));
  order.push('urgent');
  expect((await patient).choices).toEqual(alone.choices);
  expect(order).toEqual(['urgent', 'patient']);
  expect(steps.at(-1)!).toMatchObject({ preemptions: 1, restores: 1 });
  await Promise.all([engine.close(0), expected.engine.close(0)]);
});

test('when cells run out somebody is preempted and everybody finishes', async () => {
  const { engine, steps } = openEngine({ limits: { cellsMax: 100, sequencesMax: 4 } }, { hostBytesMax: 0 });
  const requests = Array.from({ length: 4 }, (_, i) =>
    makeRequest({ promptTokens: encodePrompt(`prompt ${i}`), ignoreEnd: true, maxTokens: 60 }),
  );
  const outcomes = await Promise.all(requests.map((request) => generate(engine, request)));
  expect(outcomes.map(({ end }) => end.type)).toEqual(['finish', 'finish', 'finish', 'finish']);
  expect(outcomes.map(({ choices }) => choices[0]!.length)).toEqual([60, 60, 60, 60]);
  expect(steps.at(-1)!.preemptions).toBeGreaterThan(0);
  await engine.close(0);
});

test('a request that cannot fit is refused; one that fits is cut off where the cells end', async () => {
  const { engine } = openEngine({ limits: { cellsMax: 50, contextTokensMax: 80 } });
  const fill = (tokens: number) => makeRequest({ ...LONG, promptTokens: new Array<number>(tokens).fill(65) });
  expect((await generate(engine, fill(80))).end).toMatchObject({ type: 'error', code: 'prompt-too-long' });
  expect((await generate(engine, fill(51))).end).toMatchObject({ type: 'error', code: 'cache-too-small' });
  const { choices, events } = await generate(engine, fill(30));
  expect(choices[0]).toHaveLength(21);
  expect(events).toContainEqual({ type: 'choice-end', choice: 0, reason: 'length' });
  await engine.close(0);
});

test.each([
  ['an empty prompt', { promptTokens: [] }],
  ['a token outside the vocabulary', { promptTokens: [1, 99_999] }],
  ['a fraction of a token', { promptTokens: [1.5] }],
  ['no choice', { choices: 0 }],
  ['a negative maximum', { maxTokens: -1 }],
  ['a temperature below 0', { sampling: { temperature: -1 } }],
  ['a temperature that is no number', { sampling: { temperature: Number.NaN } }],
  ['a repetition penalty of 0', { sampling: { repetitionPenalty: 0 } }],
  ['a top_p above 1', { sampling: { topP: 1.1 } }],
  ['a bias beyond 200', { sampling: { logitBias: new Map([[1, 201]]) } }],
])('%s is refused by name', async (_name, overrides) => {
  const { engine } = openEngine();
  const { events } = await generate(engine, makeRequest(overrides));
  expect(events).toEqual([{ type: 'error', code: 'invalid-request', message: expect.stringMatching(/\S/) }]);
  await engine.close(0);
});

test('an id in use is refused and the first request is not disturbed', async () => {
  const { engine } = openEngine();
  const request = makeRequest({ maxTokens: 10, ignoreEnd: true });
  const first = generate(engine, request);
  const second = await generate(engine, request);
  expect(second.end).toMatchObject({ type: 'error', code: 'invalid-request' });
  expect((await first).choices[0]).toHaveLength(10);
  await engine.close(0);
});

test('generation ends at an end token, unless it is ignored or too early', async () => {
  const script = (history: { length: number }, logits: Float32Array): void => {
    logits.fill(0);
    logits[65] = 1;
    logits[257] = history.length >= 8 ? 9 : -9;
  };
  const { engine } = openEngine({ script });
  const base = { promptTokens: [256, 1, 2, 3], maxTokens: 12 };
  const texts = await Promise.all(
    [{}, { minTokens: 8 }, { ignoreEnd: true }].map(async (options) => {
      const { choices, events } = await generate(engine, makeRequest({ ...base, ...options }));
      const end = events.find(({ type }) => type === 'choice-end') as { reason: string };
      return `${choices[0]!.map((token) => (token === 257 ? '.' : 'A')).join('')} ${end.reason}`;
    }),
  );
  expect(texts).toEqual(['AAAA. stop', 'AAAAAAAA. stop', 'AAAAAAAAAAAA length']);
  await engine.close(0);
});

test('onToken ends a choice with the token it stops at', async () => {
  const { engine } = openEngine();
  const seen: number[] = [];
  const onToken = (_choice: number, token: number): 'stop' | 'continue' => {
    seen.push(token);
    return seen.length === 4 ? 'stop' : 'continue';
  };
  const { choices, events } = await generate(engine, makeRequest({ ...LONG, onToken }));
  expect(choices[0]).toEqual(seen);
  expect(seen).toHaveLength(4);
  expect(events).toContainEqual({ type: 'choice-end', choice: 0, reason: 'stop' });
  await engine.close(0);
});

test('prompt log probabilities are those that generation would give, whatever is cached', async () => {
  const { engine } = openEngine({ limits: { batchTokensMax: 7 } });
  const promptTokens = encodePrompt('some prompt');
  const generated = await generate(engine, makeRequest({ promptTokens, ...LONG, maxTokens: 9, logprobs: 2 }));
  const echoTokens = [...promptTokens, ...generated.choices[0]!];
  const echo = await generate(
    engine,
    makeRequest({ promptTokens: echoTokens, maxTokens: 0, promptLogprobs: 2 }),
  );
  const prompt = echo.events.find((event) => event.type === 'prompt')!;
  expect(prompt.cachedTokens).toBe(0);
  expect(prompt.logprobs).toHaveLength(echoTokens.length);
  expect(prompt.logprobs![0]).toBeNull();
  const tokens = generated.events.filter((event) => event.type === 'token');
  expect(prompt.logprobs!.slice(promptTokens.length)).toEqual(
    tokens.map(({ logprob, alternatives }) => ({ logprob, alternatives })),
  );
  expect(echo.events.map(({ type }) => type)).toEqual(['prompt', 'choice-end', 'finish']);
  await engine.close(0);
});

test('a constraint shapes the text, forced tokens need no sampling, and it ends when it must', async () => {
  const { engine, requests } = openEngine();
  const constraint = () => createWordsConstraint(3, [257, 259]);
  for (const temperature of [0, 1]) {
    for (const logprobs of [null, 1]) {
      const request = makeRequest({ ...LONG, constraint, logprobs, sampling: { temperature } });
      const { choices, end } = await generate(engine, request);
      const text = String.fromCharCode(...choices[0]!.filter((token) => token < 256));
      expect(text).toMatch(/^(\[[a-z]{1,3}\]){1,3}$/);
      expect(end.type).toBe('finish');
    }
  }
  expect(requests[0]!.timings.steps).toBeLessThan(requests[0]!.generatedTokens);
  await engine.close(0);
});

test('a constraint that contradicts itself fails its own request only', async () => {
  const { engine } = openEngine();
  const constraint = () => ({
    ...createWordsConstraint(3, []),
    accept: () => false,
    canEnd: false,
    mustEnd: false,
  });
  const broken = generate(engine, makeRequest({ ...LONG, constraint }));
  const fine = generate(engine, makeRequest({ ignoreEnd: true, maxTokens: 30 }));
  expect((await broken).end).toMatchObject({ type: 'error', code: 'internal' });
  expect((await fine).choices[0]).toHaveLength(30);
  expect(engine.checkIntegrity()).toEqual([]);
  await engine.close(0);
});

test('a listener that throws loses its request and disturbs nobody', async () => {
  const { runner } = openScriptedModel();
  const errors: unknown[] = [];
  const engine = new Engine({ runner, observer: { onListenerError: (_id, error) => errors.push(error) } });
  const request = makeRequest(LONG);
  engine.submit(request, (event) => {
    if (event.type === 'token') throw new Error('broken listener');
  });
  expect((await generate(engine, makeRequest({ ignoreEnd: true, maxTokens: 20 }))).choices[0]).toHaveLength(
    20,
  );
  expect(errors).toHaveLength(1);
  expect(engine.status().running).toBe(0);
  await engine.close(0);
});

test('a runner that fails ends every request with an error, and new ones too', async () => {
  const { runner } = openScriptedModel();
  let forwards = 0;
  const forward = runner.forward.bind(runner);
  runner.forward = (batch) => (++forwards > 3 ? Promise.reject(new Error('device lost')) : forward(batch));
  const failures: unknown[] = [];
  const engine = new Engine({
    runner,
    policy: { runningMax: 1 },
    observer: { onFailure: (e) => failures.push(e) },
  });
  const outcomes = await Promise.all([
    generate(engine, makeRequest(LONG)),
    generate(engine, makeRequest(LONG)),
  ]);
  for (const { end } of outcomes) expect(end).toMatchObject({ type: 'error', code: 'internal' });
  expect((await generate(engine, makeRequest())).end).toMatchObject({ type: 'error', code: 'internal' });
  expect(failures).toHaveLength(1);
  await engine.close(0);
});

test('a runner that has fewer cells than it says makes requests wait, not fail', async () => {
  const { runner } = openScriptedModel({ limits: { cellsMax: 200, sequencesMax: 4 } });
  const forward = runner.forward.bind(runner);
  // As if the runner needed 100 cells for itself.
  runner.forward = async (batch) =>
    runner.cellsUsed + batch.rows > 100 ? { status: 'cache-full' } : forward(batch);
  const engine = new Engine({ runner });
  const ask = (name: string, maxTokens: number) =>
    generate(
      engine,
      makeRequest({ promptTokens: encodePrompt(name.repeat(20)), ignoreEnd: true, maxTokens }),
    );
  const outcomes = await Promise.all([ask('a', 40), ask('b', 40), ask('c', 40)]);
  expect(outcomes.map(({ end }) => end.type)).toEqual(['finish', 'finish', 'finish']);
  expect((await ask('d', 90)).end).toMatchObject({ type: 'error', code: 'cache-too-small' });
  expect(engine.checkIntegrity()).toEqual([]);
  await engine.close(0);
});

test('close lets running requests finish in time, aborts the rest and takes no new ones', async () => {
  const { engine } = openEngine({ stepMs: () => 1 });
  const short = generate(engine, makeRequest({ ignoreEnd: true, maxTokens: 3 }));
  const long = generate(engine, makeRequest({ ...LONG, maxTokens: 3000 }));
  const closed = engine.close(500);
  expect((await generate(engine, makeRequest())).end).toMatchObject({ type: 'error', code: 'closing' });
  expect((await short).end.type).toBe('finish');
  expect((await long).end.type).toBe('aborted');
  await closed;
});

test('timings and step records add up', async () => {
  const { engine, steps, requests } = openEngine({ stepMs: () => 2 });
  const { end } = await generate(engine, makeRequest({ ignoreEnd: true, maxTokens: 10, speculate: false }));
  const { timings } = end as Extract<GenerationEvent, { type: 'finish' }>;
  expect(timings.steps).toBe(10);
  expect(timings.firstTokenMs).toBeGreaterThan(0);
  expect(timings.decodeMs).toBeGreaterThan(0);
  expect(requests).toMatchObject([{ end: 'finish', promptTokens: 3, generatedTokens: 10 }]);
  expect(steps).toHaveLength(10);
  expect(steps[0]).toMatchObject({ step: 1, rows: 3, prefillRows: 3, decodeRows: 0, generatedTokens: 1 });
  expect(steps[9]).toMatchObject({ step: 10, rows: 1, decodeRows: 1, running: 0, waiting: 0, cellsUsed: 12 });
  for (const { scheduleMs, sampleMs, totalMs } of steps) {
    expect(totalMs).toBeGreaterThanOrEqual(scheduleMs + sampleMs);
  }
  await engine.close(0);
});
