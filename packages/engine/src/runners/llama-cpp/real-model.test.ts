import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpenModel } from '../../core/model-runner.ts';
import { openLlamaModel } from './open-llama-model.ts';

/** A real chat model, where there is one: SPARKLER_TEST_MODEL, or SmolLM2 in the model cache. */
const cache = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
const path =
  process.env.SPARKLER_TEST_MODEL ??
  join(cache, 'models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf');
const isThere = existsSync(path);
const reason = isThere ? '' : ` (skipped: ${path} is not there; set SPARKLER_TEST_MODEL)`;

let open: OpenModel;

beforeAll(async () => {
  if (!isThere) return;
  open = await openLlamaModel({ path, cellsMax: 512, sequencesMax: 4, batchTokensMax: 128, threads: 1 });
});

afterAll(async () => {
  if (isThere) await open.runner.close();
});

/** Runs tokens of one slot and returns the likeliest next token. */
async function step(slot: number, tokens: readonly number[], position: number): Promise<number> {
  await open.runner.forward({
    adapter: null,
    rows: tokens.length,
    tokens: Int32Array.from(tokens),
    positions: Int32Array.from(tokens, (_, index) => position + index),
    slots: Int32Array.from(tokens, () => slot),
    wantLogits: Uint8Array.from(tokens, (_, index) => (index === tokens.length - 1 ? 1 : 0)),
  });
  const logits = open.runner.logits(tokens.length - 1);
  return logits.reduce((best, value, token) => (value > logits[best]! ? token : best), 0);
}

/** Greedy continuation of a slot that holds `length` positions. */
async function continueGreedily(
  slot: number,
  first: number,
  length: number,
  count: number,
): Promise<number[]> {
  const tokens = [first];
  while (tokens.length < count && !open.tokenizer.endTokens.includes(tokens.at(-1)!)) {
    tokens.push(await step(slot, [tokens.at(-1)!], length + tokens.length - 1));
  }
  return tokens;
}

function textOf(tokens: readonly number[]): string {
  return Buffer.concat(tokens.map((token) => open.tokenizer.tokenBytes(token))).toString('utf8');
}

test.skipIf(!isThere)(
  `a real model answers sensibly, and the same from a shared prefix${reason}`,
  async () => {
    const prompt = open.tokenizer.encode(
      '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' +
        '<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n',
      { addSpecial: true, parseSpecial: true },
    );
    const first = await step(0, prompt, 0);
    open.runner.copySequence(0, 1, prompt.length);
    const answer = await continueGreedily(0, first, prompt.length, 24);
    expect(textOf(answer)).toContain('Paris');
    expect(await continueGreedily(1, first, prompt.length, 24)).toEqual(answer);
    const state = open.runner.saveSequence(1);
    open.runner.dropSequence(1);
    expect(open.runner.restoreSequence(2, state)).toBe(true);
    open.runner.trimSequence(2, prompt.length);
    expect(await continueGreedily(2, first, prompt.length, 24)).toEqual(answer);
  },
);
