import { afterAll, beforeAll, expect, test } from 'vitest';
import { installAnchors } from '../../bench/anchors.ts';
import { fetchTestModel } from '../../bench/test-model.ts';
import { startWorker, type Worker } from '../../bench/worker.ts';
import { Engine } from '../../packages/engine/src/core/engine.ts';
import { findParting } from '../../packages/engine/src/core/testing/compare-texts.ts';
import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import { openLlamaModel } from '../../packages/engine/src/runners/llama-cpp/index.ts';
import type { GreedyCommand } from './greedy-anchor.ts';

/**
 * Weights of 4 bits are multiplied with activations of 8, so the slightest other sum (attention adds up cells
 * in the order they lie) moves logits by 0.1 on average. Candidates nearer than this are a tie to such a
 * model.
 */
const marginMax = 1;
const count = 20;
const questions = [
  'What is the capital of France?',
  'List three uses of a hammer.',
  'Explain photosynthesis to a child.',
  'Translate "good morning" into Spanish.',
  'Write a Python function that reverses a string.',
  'Give me a short story about a lighthouse.',
];

let modelPath = '';
let anchor: Worker | null = null;
let reason = '';
/** What the anchor says, asked for once. */
let expectedTexts: number[][] | null = null;

beforeAll(async () => {
  try {
    modelPath = await fetchTestModel();
    installAnchors();
    anchor = startWorker(new URL('./greedy-anchor.ts', import.meta.url), [modelPath]);
  } catch (error) {
    reason = (error as Error).message;
  }
}, 120_000);

afterAll(() => anchor?.close());

const layouts = [
  { name: 'as its file has them', repack: false },
  { name: 'laid out anew for many rows', repack: true },
];

test.for(layouts)(
  'a real model with weights $name says what node-llama-cpp lets it say, alone and together',
  async ({ repack }, context) => {
    if (anchor === null) context.skip(reason);
    const limits = { cellsMax: 2048, sequencesMax: 12, batchTokensMax: 256 };
    const { runner, tokenizer } = await openLlamaModel({ path: modelPath, threads: 1, repack, ...limits });
    const engine = new Engine({ runner });
    const prompts = questions.map((question) =>
      tokenizer.encode(`<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`, {
        addSpecial: false,
        parseSpecial: true,
      }),
    );
    const ask = (promptTokens: readonly number[], more: object) => {
      const { endTokens } = tokenizer;
      return generate(engine, makeRequest({ promptTokens, maxTokens: count, endTokens, ...more }));
    };
    const command: GreedyCommand = { prompts, count };
    expectedTexts ??= await anchor!.call<number[][]>(command);
    const expected = expectedTexts;
    const alone = [];
    for (const prompt of prompts)
      alone.push(await ask(prompt, { logprobs: 5, speculate: false, cacheTokensMax: 0 }));
    const together = await Promise.all(prompts.map((prompt, i) => ask(prompt, { prediction: expected[i] })));
    await engine.close(0);
    await runner.close();

    const isEnd = (token: number) => tokenizer.endTokens.includes(token);
    /** It tells no end tokens; ours come with one. */
    const withEnd = (text: readonly number[], ours: readonly number[]) =>
      text.length === ours.length - 1 && isEnd(ours.at(-1)!) ? [...text, ours.at(-1)!] : text;
    const byAnchor = alone.map((ours, i) => findParting(ours, withEnd(expected[i]!, ours.choices[0]!)));
    const byCompany = alone.map((ours, i) => findParting(ours, together[i]!.choices[0]!));
    if (process.env.DIFFERENTIAL_PRINT) console.log(byAnchor, byCompany);
    // Both compute a prompt at once and then token by token: only another layout could round differently.
    if (!repack) expect(byAnchor.filter((parting) => parting !== null)).toEqual([]);
    for (const parting of [...byAnchor, ...byCompany]) expect(parting?.margin ?? 0).toBeLessThan(marginMax);
  },
);
