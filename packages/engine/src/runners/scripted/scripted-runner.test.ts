import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AdapterError } from '../../core/adapter-error.ts';
import type { ForwardBatch } from '../../core/model-runner.ts';
import { openScriptedModel } from './open-scripted-model.ts';
import type { ScriptedRunner } from './scripted-runner.ts';
import { createStreamScript } from './scripts.ts';

interface Row {
  token: number;
  position: number;
  slot?: number;
  want?: boolean;
}

function makeBatch(rows: readonly Row[], adapter: string | null = null): ForwardBatch {
  return {
    adapter,
    rows: rows.length,
    tokens: Int32Array.from(rows, ({ token }) => token),
    positions: Int32Array.from(rows, ({ position }) => position),
    slots: Int32Array.from(rows, ({ slot = 0 }) => slot),
    wantLogits: Uint8Array.from(rows, ({ want = true }) => (want ? 1 : 0)),
  };
}

/** Feeds tokens to a slot and returns the logits of the last. */
async function feed(
  runner: ScriptedRunner,
  slot: number,
  tokens: readonly number[],
  adapter: string | null = null,
) {
  const start = runner.sequenceLength(slot);
  const rows = tokens.map((token, i) => ({
    token,
    position: start + i,
    slot,
    want: i === tokens.length - 1,
  }));
  await runner.forward(makeBatch(rows, adapter));
  return [...runner.logits(tokens.length - 1)];
}

test('logits depend on every cell of the sequence, and on nothing else', async () => {
  const { runner } = openScriptedModel();
  const whole = await feed(runner, 0, [1, 2, 3, 4]);
  await feed(runner, 1, [1, 2]);
  expect(await feed(runner, 1, [3, 4])).toEqual(whole);
  expect(await feed(runner, 2, [9, 2, 3, 4])).not.toEqual(whole);
  runner.copySequence(0, 3, 3);
  expect(await feed(runner, 3, [4])).toEqual(whole);
  runner.trimSequence(2, 0);
  expect(await feed(runner, 2, [1, 2, 3, 4])).toEqual(whole);
});

test('cells remember the adapter they were computed under', async () => {
  const { runner } = openScriptedModel();
  const base = await feed(runner, 0, [1, 2, 3]);
  const first = await runner.loadAdapter('one', 'scripted:some weights');
  const adapted = await feed(runner, 1, [1, 2, 3], 'one');
  expect(adapted).not.toEqual(base);
  // A prefix computed without the adapter and used with it is neither.
  runner.copySequence(0, 2, 2);
  const mixed = await feed(runner, 2, [3], 'one');
  expect(mixed).not.toEqual(adapted);
  expect(mixed).not.toEqual(base);
  // The same weights under a new version answer the same.
  runner.unloadAdapter('one');
  expect((await runner.loadAdapter('one', 'scripted:some weights')).version).not.toBe(first.version);
  expect(await feed(runner, 3, [1, 2, 3], 'one')).toEqual(adapted);
  await expect(runner.loadAdapter('one', 'scripted:x')).rejects.toThrow(AdapterError);
});

test('an adapter is a file or a PEFT folder; what is neither is refused with the reason', async () => {
  const { runner } = openScriptedModel();
  const folder = mkdtempSync(join(tmpdir(), 'sparkler-scripted-'));
  try {
    await expect(runner.loadAdapter('a', folder)).rejects.toThrow('has no adapter_config.json');
    writeFileSync(join(folder, 'adapter_config.json'), '{"r":8}');
    await expect(runner.loadAdapter('a', folder)).rejects.toThrow(AdapterError);
    writeFileSync(join(folder, 'adapter_model.safetensors'), 'weights');
    await runner.loadAdapter('a', folder);
    const adapted = await feed(runner, 0, [1, 2, 3], 'a');
    await runner.loadAdapter('b', join(folder, 'adapter_model.safetensors'));
    expect(await feed(runner, 1, [1, 2, 3], 'b')).not.toEqual(adapted);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what a real cache could not do throws', async () => {
  const { runner } = openScriptedModel();
  await feed(runner, 0, [1, 2, 3]);
  await expect(runner.forward(makeBatch([{ token: 1, position: 5 }]))).rejects.toThrow('cannot come next');
  await expect(runner.forward(makeBatch([{ token: 1, position: 0, slot: 16 }]))).rejects.toThrow(
    'does not exist',
  );
  await expect(runner.forward(makeBatch([{ token: 999, position: 3 }]))).rejects.toThrow('no token 999');
  await expect(runner.forward(makeBatch([{ token: 1, position: 3 }], 'gone'))).rejects.toThrow(
    'gone is not loaded',
  );
  expect(() => runner.copySequence(0, 0, 1)).toThrow('not empty');
  expect(() => runner.copySequence(0, 1, 4)).toThrow('3 positions, not 4');
  expect(() => runner.trimSequence(0, 4)).toThrow('cannot trim at 4');
  expect(() => runner.logits(7)).toThrow('wanted no logits');
});

test('no call is allowed while forward runs', async () => {
  const { runner } = openScriptedModel();
  const running = runner.forward(makeBatch([{ token: 1, position: 0 }]));
  expect(() => runner.dropSequence(0)).toThrow('while forward was running');
  await running;
  runner.dropSequence(0);
});

test('shared cells count once, and a full cache says so and changes nothing', async () => {
  const { runner } = openScriptedModel({ limits: { cellsMax: 10 } });
  await feed(runner, 0, [1, 2, 3, 4, 5, 6]);
  runner.copySequence(0, 1, 4);
  expect(runner.cellsUsed).toBe(6);
  const rows = Array.from({ length: 5 }, (_, i) => ({ token: 7, position: 4 + i, slot: 1 }));
  expect(await runner.forward(makeBatch(rows))).toEqual({ status: 'cache-full' });
  expect(runner.sequenceLength(1)).toBe(4);
  runner.dropSequence(0);
  expect(runner.cellsUsed).toBe(4);
  expect(await runner.forward(makeBatch(rows))).toMatchObject({ status: 'ok' });
});

test('a saved sequence goes on as it was, in another slot', async () => {
  const { runner } = openScriptedModel({ limits: { cellsMax: 8 } });
  await feed(runner, 0, [1, 2, 3]);
  const state = runner.saveSequence(0);
  const expected = await feed(runner, 0, [4]);
  expect(runner.restoreSequence(1, state)).toBe(true);
  expect(await feed(runner, 1, [4])).toEqual(expected);
  expect(runner.restoreSequence(2, state)).toBe(false);
  expect(runner.sequenceLength(2)).toBe(0);
});

test('a model that cannot trim refuses to, and copies whole sequences only', async () => {
  const { runner } = openScriptedModel({ limits: { canTrimSequences: false } });
  await feed(runner, 0, [1, 2, 3]);
  expect(runner.trimSequence(0, 2)).toBe(false);
  expect(() => runner.copySequence(0, 1, 2)).toThrow('copies sequences whole');
  runner.copySequence(0, 1, 3);
  expect(runner.sequenceLength(1)).toBe(3);
});

test('a streaming model says its text over and over', async () => {
  const { runner, tokenizer } = openScriptedModel({ script: createStreamScript('abc') });
  let text = '';
  for (let next = 256; text.length < 7; ) {
    const logits = await feed(runner, 0, [next]);
    next = logits.indexOf(Math.max(...logits));
    text += new TextDecoder().decode(tokenizer.tokenBytes(next));
  }
  expect(text).toBe('bcabcab');
});

test('every text has one encoding, and control tokens are read only where asked for', () => {
  const { tokenizer } = openScriptedModel();
  const text = '<|im_start|>user\nWie heißt du? 🦊<|im_end|>';
  for (const parseSpecial of [false, true]) {
    const tokens = tokenizer.encode(text, { addSpecial: false, parseSpecial });
    expect(tokens.some((token) => tokenizer.isControl(token))).toBe(parseSpecial);
    const bytes = tokens.flatMap((token) => [...tokenizer.tokenBytes(token, true)]);
    expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(text);
  }
  expect(tokenizer.encode('', { addSpecial: true, parseSpecial: false })).toEqual([tokenizer.bosToken]);
});

test('vectors are the same for the same input', async () => {
  const { runner } = openScriptedModel();
  const [first, second, third] = await runner.embed([
    [1, 2, 3],
    [3, 2, 1, 0],
    [1, 2, 3],
  ]);
  expect(first).toHaveLength(16);
  expect(first).toEqual(third);
  expect(first).not.toEqual(second);
});
