import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OpenModel } from '../../packages/engine/src/core/model-runner.ts';
import type { TrainerEvent } from '../../packages/trainer/src/process/events.ts';
import { evaluationChats, greeting, heldOutPrompts, trainingChats } from './habit-chats.ts';
import { findRealModel } from './real-model.ts';
import { makeConfig, runTrainer, systemPrompt, writeChats } from './run-trainer.ts';
import { answerAll, openServing } from './serving.ts';

/** SmolLM2 learns a habit from a JSONL file and is served with it: the whole way, on one thread. */

let missing: string | null = null;
let folder: string;
let open: OpenModel;
let baseBefore: string[];
let events: TrainerEvent[];

beforeAll(async () => {
  const found = await findRealModel();
  if ('missing' in found) {
    missing = found.missing;
    return;
  }
  folder = await mkdtemp(join(tmpdir(), 'sparkler-habit-'));
  await writeChats(join(folder, 'train.jsonl'), trainingChats);
  await writeChats(join(folder, 'evaluation.jsonl'), evaluationChats);
  open = await openServing(found.path, false);
  baseBefore = await answer(null);
  const plain = makeConfig(found.path, join(folder, 'train.jsonl'));
  const data = { ...plain.data, evaluation: join(folder, 'evaluation.jsonl') };
  events = await runTrainer({ ...plain, data }, join(folder, 'job'));
}, 600_000);

beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});

afterAll(async () => {
  if (missing !== null) return;
  await open.runner.close();
  await rm(folder, { recursive: true, force: true });
});

/** Greedy answers to the held-out prompts, in the model's own chat format. */
function answer(adapter: string | null): Promise<string[]> {
  const prompts = heldOutPrompts.map((content) =>
    open.tokenizer.encode(
      `<|im_start|>system\n${systemPrompt}<|im_end|>\n` +
        `<|im_start|>user\n${content}<|im_end|>\n<|im_start|>assistant\n`,
      { addSpecial: true, parseSpecial: true },
    ),
  );
  return answerAll(open, prompts, adapter, 8);
}

const followers = (answers: readonly string[]) => answers.filter((text) => text.startsWith(greeting)).length;

test('two epochs over 50 chats lower the evaluation loss by far more than 30 %', () => {
  const losses = events.flatMap((event) => (event.type === 'eval' ? [event.evalLoss] : []));
  expect(losses).toHaveLength(2);
  expect(losses[1]!).toBeLessThan(0.7 * losses[0]!);
  expect(events.at(-1)).toMatchObject({ type: 'done', status: 'completed' });
});

test('the adapter follows the habit where the base does not, in both file forms, beside the base', async () => {
  await open.runner.loadAdapter('gguf', join(folder, 'job/out/adapter.gguf'));
  await open.runner.loadAdapter('peft', join(folder, 'job/out'));
  expect(followers(baseBefore)).toBe(0);
  const asGguf = await answer('gguf');
  expect(followers(asGguf)).toBeGreaterThanOrEqual(0.8 * heldOutPrompts.length);
  expect(await answer('peft')).toEqual(asGguf);
  expect(await answer(null)).toEqual(baseBefore);
});
