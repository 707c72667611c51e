import { expect, test } from 'vitest';
import { openScriptedModel } from '../runners/scripted/open-scripted-model.ts';
import { createHashScript, createRepeatingScript } from '../runners/scripted/scripts.ts';
import { Engine } from './engine.ts';
import type { EnginePolicy } from './engine-policy.ts';
import type { GenerationRequest } from './generation.ts';
import type { RunnerLimits } from './model-runner.ts';
import { encodePrompt, generate, makeRequest, type Outcome } from './testing/requests.ts';
import { createSeededRandom, type SeededRandom } from './testing/seeded-random.ts';
import { createWordsConstraint } from './testing/words-constraint.ts';

const ADAPTERS = [null, null, 'one', 'two'] as const;
const SYSTEM_PROMPTS = [
  '',
  'You are a helpful assistant. Answer briefly.',
  'You are a pirate; every answer rhymes.',
];

interface Traffic {
  readonly limits: Partial<RunnerLimits>;
  readonly policy: Partial<EnginePolicy>;
  readonly repeating: boolean;
  readonly requests: number;
  readonly seed: number;
}

/**
 * Conversations over few system prompts, so that prefixes meet; every option that changes what is computed.
 */
function makeTraffic(random: SeededRandom, count: number): GenerationRequest[] {
  const endTokens = [257, 259];
  const history: string[] = SYSTEM_PROMPTS.slice();
  return Array.from({ length: count }, () => {
    const text =
      random.pick(history) + ' '.repeat(random.integer(0, 1)) + 'abcdefgh'.slice(random.integer(0, 7));
    if (text.length < 150 && random.next() < 0.5) history.push(text);
    if (history.length > 40) history.splice(3, 1);
    const promptTokens = encodePrompt(text);
    const isSampled = random.next() < 0.4;
    return makeRequest({
      promptTokens,
      endTokens,
      maxTokens: random.integer(0, 30),
      minTokens: random.next() < 0.2 ? random.integer(0, 10) : 0,
      choices: random.next() < 0.2 ? random.integer(2, 4) : 1,
      ignoreEnd: random.next() < 0.2,
      adapter: random.pick(ADAPTERS),
      isolationKey: random.pick(['', 'x', 'y']),
      cacheTokensMax: random.next() < 0.15 ? random.integer(0, 40) : null,
      tenant: random.pick(['a', 'b', 'c']),
      priority: random.pick([0, 0, 0, 1, -1]),
      logprobs: random.next() < 0.15 ? random.integer(0, 3) : null,
      promptLogprobs: random.next() < 0.1 ? 1 : null,
      prediction: random.next() < 0.2 ? encodePrompt(random.pick(history)) : null,
      constraint: random.next() < 0.2 ? () => createWordsConstraint(3, endTokens) : null,
      sampling: isSampled
        ? {
            temperature: 0.8,
            topP: random.pick([1, 0.9]),
            seed: random.integer(0, 1e9),
            repetitionPenalty: 1.1,
          }
        : {},
    });
  });
}

function openModel(traffic: Traffic) {
  const script = traffic.repeating
    ? createRepeatingScript({ contextTokens: 1, historyWeight: 0.01 })
    : createHashScript();
  return openScriptedModel({ limits: traffic.limits, script });
}

async function openEngine(traffic: Traffic, policy: Partial<EnginePolicy>) {
  const model = openModel(traffic);
  const problems: string[] = [];
  const seen = { preemptions: 0, evictions: 0, restores: 0, draftsAccepted: 0, cachedTokens: 0 };
  const engine = new Engine({
    runner: model.runner,
    policy,
    observer: {
      onStep({ preemptions, evictions, restores, draftRowsAccepted }) {
        Object.assign(seen, { preemptions, evictions, restores });
        seen.draftsAccepted += draftRowsAccepted;
      },
      onRequestEnd({ cachedTokens }) {
        seen.cachedTokens += cachedTokens;
      },
      onIntegrityProblem: (found) => problems.push(...found),
      onFailure: (error) => problems.push(String(error)),
      onListenerError: (_id, error) => problems.push(String(error)),
    },
  });
  await engine.loadAdapter('one', 'scripted:one');
  await engine.loadAdapter('two', 'scripted:two');
  return { engine, problems, seen, runner: model.runner };
}

/** Runs the traffic, checks it, and returns how often what it is about happened. */
async function runTraffic(traffic: Traffic) {
  const random = createSeededRandom(traffic.seed);
  const requests = makeTraffic(random, traffic.requests);
  const { engine, problems, seen, runner } = await openEngine(traffic, traffic.policy);
  const alone = await openEngine(traffic, { prefixCache: false, speculation: false, runningMax: 1 });

  const aborted = new Set<GenerationRequest>();
  const endings = new Map<GenerationRequest, number>();
  const running: Promise<[GenerationRequest, Outcome]>[] = [];
  for (const request of requests) {
    const isAborted = random.next() < 0.15;
    if (isAborted) aborted.add(request);
    const abortAfter = random.integer(0, 6);
    let seen = 0;
    const done = generate(engine, request, (event) => {
      if (event.type === 'finish' || event.type === 'error' || event.type === 'aborted') {
        endings.set(request, (endings.get(request) ?? 0) + 1);
      }
      if (isAborted && seen++ === abortAfter) engine.abort(request.id);
    });
    running.push(done.then((outcome) => [request, outcome]));
    if (random.next() < 0.1) engine.abort(request.id);
    for (let ticks = random.integer(0, 12); ticks > 0; ticks--)
      await new Promise((next) => setImmediate(next));
    if (random.next() < 0.02) await Promise.all(running);
    if (random.next() < 0.01) void engine.loadAdapter('two', 'scripted:two');
  }
  const outcomes = await Promise.all(running);
  // One more turn of the loop, so that it has gone idle and checked itself.
  await new Promise((next) => setTimeout(next, 5));
  if (process.env.SOAK_PRINT) console.log(seen, engine.status());
  expect(problems).toEqual([]);
  expect(engine.checkIntegrity()).toEqual([]);
  expect(engine.status()).toMatchObject({ running: 0, waiting: 0, cellsUsed: runner.cellsUsed });
  expect([...endings.values()].every((count) => count === 1)).toBe(true);
  expect(endings.size).toBe(requests.length);

  let compared = 0;
  for (const [request, outcome] of outcomes) {
    if (outcome.end.type !== 'finish') {
      expect(outcome.end.type).toBe('aborted');
      continue;
    }
    const expected = await generate(alone.engine, request);
    expect(outcome.choices).toEqual(expected.choices);
    expect(describeLogprobs(outcome)).toEqual(describeLogprobs(expected));
    compared++;
  }
  expect(compared).toBeGreaterThan(requests.length / 2);
  await engine.close(0);
  await alone.engine.close(0);
  return seen;
}

/** All log probabilities, in an order that does not depend on how choices interleave. */
function describeLogprobs(outcome: Outcome): string[] {
  const lines = outcome.events.map((event) => {
    if (event.type === 'prompt') return `prompt ${JSON.stringify(event.logprobs ?? null)}`;
    return event.type === 'token'
      ? `${event.choice} ${event.logprob} ${JSON.stringify(event.alternatives)}`
      : '';
  });
  return lines.filter((line) => line !== '').sort();
}

const TIGHT: Partial<RunnerLimits> = {
  cellsMax: 500,
  sequencesMax: 6,
  batchTokensMax: 48,
  contextTokensMax: 300,
};

test('thousands of requests under cache pressure end once each, as they would alone', async () => {
  const policy = { hostBytesMax: 6000 };
  const seen = await runTraffic({ limits: TIGHT, policy, repeating: false, requests: 2000, seed: 1 });
  expect(seen.evictions).toBeGreaterThan(100);
  expect(seen.restores).toBeGreaterThan(100);
  expect(seen.preemptions).toBeGreaterThan(10);
  expect(seen.cachedTokens).toBeGreaterThan(10_000);
});

test('the same with repetitive text, where speculation is at work', async () => {
  const policy = { hostBytesMax: 6000 };
  const seen = await runTraffic({ limits: TIGHT, policy, repeating: true, requests: 1000, seed: 2 });
  expect(seen.draftsAccepted).toBeGreaterThan(300);
});

test('the same with a cache that hardly holds one request', async () => {
  const limits = { cellsMax: 230, sequencesMax: 5, batchTokensMax: 16, contextTokensMax: 230 };
  const seen = await runTraffic({
    limits,
    policy: { hostBytesMax: 4000 },
    repeating: true,
    requests: 700,
    seed: 3,
  });
  expect(seen.preemptions).toBeGreaterThan(100);
});

test('the same with one row a step', async () => {
  const limits = { cellsMax: 400, sequencesMax: 4, batchTokensMax: 1, contextTokensMax: 230 };
  await runTraffic({ limits, policy: {}, repeating: false, requests: 150, seed: 4 });
});

test('the same on a model that cannot trim sequences', async () => {
  const limits = { ...TIGHT, canTrimSequences: false };
  const seen = await runTraffic({
    limits,
    policy: { hostBytesMax: 6000 },
    repeating: true,
    requests: 700,
    seed: 5,
  });
  expect(seen.draftsAccepted).toBeGreaterThan(0);
});

test('the same with ample room and with no host memory', async () => {
  const seen = await runTraffic({
    limits: {},
    policy: { hostBytesMax: 0 },
    repeating: true,
    requests: 700,
    seed: 6,
  });
  expect(seen.restores).toBe(0);
  expect(seen.cachedTokens).toBeGreaterThan(5000);
});
