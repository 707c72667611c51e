import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyAdapter, writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Engine } from '../../core/engine.ts';
import type { EnginePolicy } from '../../core/engine-policy.ts';
import { findParting } from '../../core/testing/compare-texts.ts';
import { encodePrompt, generate, makeRequest, type Outcome } from '../../core/testing/requests.ts';
import { openLlamaModel } from './open-llama-model.ts';

/** Random weights are the worst case: nearly tied candidates are common. */
const marginMax = 0.01;
const tokensMax = 40;
const adapters = [null, 'one', 'two'] as const;
/** Prompts that share beginnings, so that there is something to reuse. */
const prompts = Array.from({ length: 24 }, (_, i) =>
  encodePrompt(`${'the cat sat on the mat. '.repeat(1 + (i % 3))}${'abcdefgh'.slice(i % 8)}`),
);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'differential-'));
  await writeTinyModel(join(folder, 'model.gguf'));
  for (const [i, id] of ['one', 'two'].entries())
    await writeTinyAdapter(join(folder, `${id}.gguf`), { seed: i + 5 });
});

afterAll(() => rm(folder, { recursive: true }));

/**
 * One row a call, and attention in 32 bits: flash attention sums over cells in 16, in the order in which the
 * cells happen to lie, and that depends on who else has some.
 */
const EXACT = { batchTokensMax: 1, flashAttention: 'off', cacheType: 'f32' } as const;
const USUAL = { batchTokensMax: 64 } as const;
type Precision = typeof EXACT | typeof USUAL;

async function openEngine(precision: Precision, policy: Partial<EnginePolicy>) {
  const path = join(folder, 'model.gguf');
  const limits = { cellsMax: 2048, sequencesMax: 12, ...precision };
  const { runner } = await openLlamaModel({ path, threads: 1, ...limits });
  const engine = new Engine({ runner, policy });
  for (const id of ['one', 'two']) await engine.loadAdapter(id, join(folder, `${id}.gguf`));
  return {
    engine,
    async close() {
      await engine.close(0);
      await runner.close();
    },
  };
}

const ask = (i: number, more: object = {}) =>
  makeRequest({
    promptTokens: prompts[i]!,
    adapter: adapters[i % 3]!,
    maxTokens: tokensMax,
    ignoreEnd: true,
    ...more,
  });

/** Every prompt by itself: nothing cached, nothing guessed, nobody else. */
async function answerAlone(precision: Precision): Promise<Outcome[]> {
  const { engine, close } = await openEngine(precision, { prefixCache: false, speculation: false });
  const outcomes: Outcome[] = [];
  for (const i of prompts.keys()) outcomes.push(await generate(engine, ask(i, { logprobs: 5 })));
  await close();
  return outcomes;
}

const MODES = {
  'one after another, with the prefix cache': { policy: { speculation: false }, together: false },
  'together, without cache or guesses': {
    policy: { prefixCache: false, speculation: false },
    together: true,
  },
  'one after another, with guesses': { policy: { prefixCache: false }, together: false },
  'together, with cache and guesses': { policy: {}, together: true },
} as const;

async function answerIn(mode: keyof typeof MODES, precision: Precision, alone: readonly Outcome[]) {
  const { policy, together } = MODES[mode];
  const { engine, close } = await openEngine(precision, policy);
  // Each gets its neighbour's answer as prediction: right where adapter and prompt allow, else refused.
  const requests = prompts.map((_, i) => ask(i, { prediction: alone[(i + 3) % alone.length]!.choices[0]! }));
  const outcomes: Outcome[] = [];
  if (together) outcomes.push(...(await Promise.all(requests.map((request) => generate(engine, request)))));
  else for (const request of requests) outcomes.push(await generate(engine, request));
  await close();
  return outcomes;
}

test.each(Object.keys(MODES) as (keyof typeof MODES)[])(
  'real kernels, adapters mixed, %s: the texts of each request alone but for near ties',
  async (mode) => {
    const alone = await answerAlone(USUAL);
    const outcomes = await answerIn(mode, USUAL, alone);
    const partings = alone.flatMap((reference, i) => findParting(reference, outcomes[i]!.choices[0]!) ?? []);
    expect(Math.max(0, ...partings.map(({ margin }) => margin))).toBeLessThan(marginMax);
    // A text that parted is another text from there on, so this is one in so many tokens at most.
    expect(partings.length).toBeLessThanOrEqual((prompts.length * tokensMax) / 150);
    if (process.env.DIFFERENTIAL_PRINT) console.log(mode, partings);
  },
);

test.each(Object.keys(MODES) as (keyof typeof MODES)[])(
  'real kernels, one row a call and attention in 32 bits, %s: the very texts of each request alone',
  async (mode) => {
    const alone = await answerAlone(EXACT);
    const outcomes = await answerIn(mode, EXACT, alone);
    expect(outcomes.map(({ choices }) => choices)).toEqual(alone.map(({ choices }) => choices));
    if (mode === 'together, with cache and guesses')
      expect(outcomes.some(({ cachedTokens }) => cachedTokens > 0)).toBe(true);
  },
);
