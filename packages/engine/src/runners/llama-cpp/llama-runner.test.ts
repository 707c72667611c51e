import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyAdapter, writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ForwardResult, OpenModel } from '../../core/model-runner.ts';
import { openLlamaModel } from './open-llama-model.ts';

const PROMPT = [10, 20, 30, 40, 50, 60, 70, 80];
let folder: string;
let open: OpenModel;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llama-runner-'));
  await writeTinyModel(join(folder, 'model.gguf'));
  await writeTinyAdapter(join(folder, 'adapter.gguf'));
  open = await openLlamaModel({
    path: join(folder, 'model.gguf'),
    cellsMax: 256,
    sequencesMax: 8,
    batchTokensMax: 64,
    threads: 1,
  });
});

afterAll(async () => {
  await open.runner.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  for (let slot = 0; slot < open.runner.limits.sequencesMax; slot++) open.runner.dropSequence(slot);
});

/** Runs tokens of one slot from a position on, with logits for the last. */
function run(
  slot: number,
  tokens: number[],
  position = 0,
  adapter: string | null = null,
): Promise<ForwardResult> {
  return open.runner.forward({
    adapter,
    rows: tokens.length,
    tokens: Int32Array.from(tokens),
    positions: Int32Array.from(tokens, (_, index) => position + index),
    slots: Int32Array.from(tokens, () => slot),
    wantLogits: Uint8Array.from(tokens, (_, index) => (index === tokens.length - 1 ? 1 : 0)),
  });
}

/** Logits after the tokens, a copy. */
async function logitsAfter(slot: number, tokens: number[], position = 0, adapter: string | null = null) {
  expect((await run(slot, tokens, position, adapter)).status).toBe('ok');
  return open.runner.logits(tokens.length - 1).slice();
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, index) => Math.max(largest, Math.abs(value - b[index]!)), 0);
}

test('limits are those of the opened model', () => {
  expect(open.runner.limits).toEqual({
    cellsMax: 256,
    sequencesMax: 8,
    batchTokensMax: 64,
    contextTokensMax: 2048,
    vocabularySize: 298,
    embeddingSize: 64,
    canTrimSequences: true,
  });
});

test('a prompt in chunks gives the logits of the whole prompt', async () => {
  const whole = await logitsAfter(0, PROMPT);
  await run(1, PROMPT.slice(0, 3));
  await run(1, PROMPT.slice(3, 7), 3);
  const chunked = await logitsAfter(1, PROMPT.slice(7), 7);
  expect(largestDifference(whole, chunked)).toBeLessThan(1e-4);
});

test('a copied prefix continues like the original, and both diverge on their own', async () => {
  const expected = await logitsAfter(0, [...PROMPT, 90]);
  const other = await logitsAfter(1, [...PROMPT, 91]);
  open.runner.dropSequence(0);
  open.runner.dropSequence(1);
  await run(0, PROMPT);
  open.runner.copySequence(0, 3, PROMPT.length);
  expect(largestDifference(await logitsAfter(0, [90], 8), expected)).toBeLessThan(1e-4);
  expect(largestDifference(await logitsAfter(3, [91], 8), other)).toBeLessThan(1e-4);
});

test('shared cells count once: eight copies of a long prefix fit where two prompts would not', async () => {
  const long = Array.from({ length: 64 }, (_, index) => index);
  for (const part of [0, 1, 2]) await run(0, long, 64 * part);
  for (let slot = 1; slot < 8; slot++) open.runner.copySequence(0, slot, 192);
  for (let slot = 0; slot < 8; slot++) expect((await run(slot, [5, 6, 7], 192)).status).toBe('ok');
});

test('a trimmed sequence continues as if the rest had never been', async () => {
  const expected = await logitsAfter(0, [...PROMPT.slice(0, 4), 99]);
  await run(1, PROMPT);
  expect(open.runner.trimSequence(1, 4)).toBe(true);
  expect(largestDifference(await logitsAfter(1, [99], 4), expected)).toBeLessThan(1e-4);
});

test('a full cache is reported and changes nothing', async () => {
  const long = Array.from({ length: 64 }, (_, index) => index);
  for (const part of [0, 1, 2]) await run(0, long, 64 * part);
  const expected = await logitsAfter(0, [7], 192);
  open.runner.trimSequence(0, 192);
  await run(1, PROMPT);
  expect(await run(2, long.slice(0, 60))).toEqual({ status: 'cache-full' });
  expect(largestDifference(await logitsAfter(0, [7], 192), expected)).toBeLessThan(1e-4);
  open.runner.dropSequence(1);
  expect((await run(2, long.slice(0, 60))).status).toBe('ok');
});

test('rows of several slots in one batch do not see each other', async () => {
  const alone = await logitsAfter(0, [1, 2, 3]);
  open.runner.dropSequence(0);
  await open.runner.forward({
    adapter: null,
    rows: 6,
    tokens: Int32Array.of(9, 1, 8, 2, 7, 3),
    positions: Int32Array.of(0, 0, 1, 1, 2, 2),
    slots: Int32Array.of(0, 5, 0, 5, 0, 5),
    wantLogits: Uint8Array.of(0, 0, 0, 0, 1, 1),
  });
  expect(largestDifference(open.runner.logits(5), alone)).toBeLessThan(1e-4);
  expect(() => open.runner.logits(0)).toThrow(/row 0 .* no logits/);
});

test('a saved sequence restored elsewhere continues the same', async () => {
  await run(0, PROMPT);
  open.runner.copySequence(0, 1, PROMPT.length);
  const state = open.runner.saveSequence(0);
  const expected = await logitsAfter(0, [90], 8);
  open.runner.dropSequence(0);
  open.runner.dropSequence(1);
  expect(open.runner.restoreSequence(6, state)).toBe(true);
  expect(largestDifference(await logitsAfter(6, [90], 8), expected)).toBeLessThan(1e-4);
});

test('a state that does not fit is refused and leaves the cache as it was', async () => {
  const long = Array.from({ length: 64 }, (_, index) => index);
  for (const part of [0, 1]) await run(0, long, 64 * part);
  const state = open.runner.saveSequence(0);
  await run(1, long);
  const expected = await logitsAfter(1, [3], 64);
  open.runner.trimSequence(1, 64);
  expect(open.runner.restoreSequence(2, state)).toBe(false);
  expect(largestDifference(await logitsAfter(1, [3], 64), expected)).toBeLessThan(1e-4);
  expect((await run(2, [1])).status).toBe('ok');
});

test('only a state of the same runner is restored', () => {
  expect(() => open.runner.restoreSequence(0, new Uint8Array(4000))).toThrow(/runner that saved it/);
});

test('wrong slots, tokens and row counts are refused by name', async () => {
  await expect(run(8, [1])).rejects.toThrow('slot 8 is outside 0 … 7');
  await expect(run(-1, [1])).rejects.toThrow('slot -1');
  await expect(run(0, [298])).rejects.toThrow('row 0 has token 298');
  await expect(run(0, [])).rejects.toThrow('1 to 64 rows, not 0');
  await expect(run(0, [1], 5)).rejects.toThrow('slot 0 goes on at 0');
  expect(() => open.runner.copySequence(0, 99, 1)).toThrow('slot 99');
  await run(0, PROMPT);
  expect(() => open.runner.copySequence(0, 1, 20)).toThrow(/holds 8 positions/);
  await run(1, [1]);
  expect(() => open.runner.copySequence(0, 1, 2)).toThrow(/not empty/);
});

test('a second call while forward runs is refused, not raced', async () => {
  const first = run(0, PROMPT);
  await expect(run(1, PROMPT)).rejects.toThrow(/while forward runs/);
  expect(() => open.runner.dropSequence(0)).toThrow(/while forward runs/);
  expect((await first).status).toBe('ok');
});

test('an adapter changes the logits only of the calls that name it, and can be unloaded', async () => {
  const base = await logitsAfter(0, PROMPT);
  await open.runner.loadAdapter('tenant/one', join(folder, 'adapter.gguf'));
  const adapted = await logitsAfter(1, PROMPT, 0, 'tenant/one');
  expect(largestDifference(base, adapted)).toBeGreaterThan(0.1);
  expect(largestDifference(await logitsAfter(2, PROMPT), base)).toBe(0);
  expect(largestDifference(await logitsAfter(3, PROMPT, 0, 'tenant/one'), adapted)).toBe(0);
  open.runner.unloadAdapter('tenant/one');
  await expect(run(4, PROMPT, 0, 'tenant/one')).rejects.toThrow('no adapter tenant/one');
  expect(largestDifference(await logitsAfter(4, PROMPT), base)).toBe(0);
});

test('embeddings are computed beside forward, each input on its own', async () => {
  const [forward, vectors] = await Promise.all([
    run(0, PROMPT),
    open.runner.embed([
      [1, 2, 3],
      [4, 5],
      [1, 2, 3],
    ]),
  ]);
  expect(forward.status).toBe('ok');
  expect(vectors.map((vector) => vector.length)).toEqual([64, 64, 64]);
  expect(largestDifference(vectors[0]!, vectors[2]!)).toBeLessThan(1e-4);
  expect(largestDifference(vectors[0]!, vectors[1]!)).toBeGreaterThan(0.1);
  await expect(open.runner.embed([[]])).rejects.toThrow('input 0 has no tokens');
});
