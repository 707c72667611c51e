import type { OpenModel } from '../../packages/engine/src/core/model-runner.ts';
import { openLlamaModel } from '../../packages/engine/src/runners/llama-cpp/index.ts';

/** A model as the engine serves it: one thread, attention and cache in 32 bits where `exact`. */
export function openServing(path: string, exact: boolean): Promise<OpenModel> {
  return openLlamaModel({
    path,
    threads: 1,
    cellsMax: 2048,
    sequencesMax: 16,
    batchTokensMax: 512,
    backend: 'cpu',
    ...(exact ? { cacheType: 'f32', flashAttention: 'off' } : {}),
  });
}

/** Logits of every position of one text, as one array. */
export async function serveLogits(
  { runner }: OpenModel,
  tokens: Int32Array,
  adapter: string | null,
): Promise<Float32Array> {
  await runner.forward({
    adapter,
    rows: tokens.length,
    tokens,
    positions: tokens.map((_, position) => position),
    slots: new Int32Array(tokens.length),
    wantLogits: new Uint8Array(tokens.length).fill(1),
  });
  const size = runner.limits.vocabularySize;
  const all = new Float32Array(tokens.length * size);
  for (let row = 0; row < tokens.length; row++) all.set(runner.logits(row), row * size);
  runner.dropSequence(0);
  return all;
}

/** Greedy answers to prompts, all decoded side by side, each up to `tokensMax` tokens. */
export async function answerAll(
  open: OpenModel,
  prompts: readonly (readonly number[])[],
  adapter: string | null,
  tokensMax: number,
): Promise<string[]> {
  const { runner, tokenizer } = open;
  const answers: number[][] = [];
  for (const [slot, prompt] of prompts.entries()) {
    const wanted = prompt.map((_, index) => (index === prompt.length - 1 ? 1 : 0));
    await runRows(
      open,
      adapter,
      prompt,
      prompt.map(() => slot),
      prompt.map((_, index) => index),
      wanted,
    );
    answers.push([pickBest(runner.logits(prompt.length - 1))]);
  }
  for (let made = 1; made < tokensMax; made++) {
    const going = answers.flatMap((answer, slot) =>
      tokenizer.endTokens.includes(answer.at(-1)!) ? [] : [slot],
    );
    if (going.length === 0) break;
    const tokens = going.map((slot) => answers[slot]!.at(-1)!);
    const positions = going.map((slot) => prompts[slot]!.length + answers[slot]!.length - 1);
    await runRows(
      open,
      adapter,
      tokens,
      going,
      positions,
      going.map(() => 1),
    );
    going.forEach((slot, row) => {
      answers[slot]!.push(pickBest(runner.logits(row)));
    });
  }
  prompts.forEach((_, slot) => {
    runner.dropSequence(slot);
  });
  return answers.map((answer) =>
    Buffer.concat(answer.map((token) => tokenizer.tokenBytes(token))).toString('utf8'),
  );
}

async function runRows(
  { runner }: OpenModel,
  adapter: string | null,
  tokens: readonly number[],
  slots: readonly number[],
  positions: readonly number[],
  wanted: readonly number[],
): Promise<void> {
  const result = await runner.forward({
    adapter,
    rows: tokens.length,
    tokens: Int32Array.from(tokens),
    positions: Int32Array.from(positions),
    slots: Int32Array.from(slots),
    wantLogits: Uint8Array.from(wanted),
  });
  if (result.status !== 'ok') throw new Error('the cache is too small for the prompts');
}

function pickBest(logits: Float32Array): number {
  return logits.reduce((best, value, token) => (value > logits[best]! ? token : best), 0);
}
