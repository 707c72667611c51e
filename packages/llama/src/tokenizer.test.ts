import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LlamaModel, openLlamaModelFile } from './model.ts';
import { loadLibrary } from './native/library.ts';
import { writeTinyModel } from './tiny-model/tiny-model.ts';
import { createTokenizer, type LlamaTokenizer } from './tokenizer.ts';

const PLAIN = { addSpecial: false, parseSpecial: false };
const SPECIAL = { addSpecial: false, parseSpecial: true };
let folder: string;
let model: LlamaModel;
let tokenizer: LlamaTokenizer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  await writeTinyModel(join(folder, 'tiny.gguf'));
  model = await openLlamaModelFile(loadLibrary(), { path: join(folder, 'tiny.gguf') });
  tokenizer = createTokenizer(model);
});

afterAll(async () => {
  model.close();
  await rm(folder, { recursive: true });
});

function textOf(tokens: readonly number[]): string {
  return Buffer.concat(tokens.map((token) => tokenizer.tokenBytes(token, true))).toString('utf8');
}

test('any text becomes tokens and back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(textOf(tokenizer.encode(text, PLAIN))).toBe(Buffer.from(text).toString());
    }),
  );
});

test('zero bytes, lone surrogates and the empty text are ordinary texts', () => {
  expect(tokenizer.encode('', PLAIN)).toEqual([]);
  expect(textOf(tokenizer.encode('a\0b', PLAIN))).toBe('a\0b');
  expect(textOf(tokenizer.encode('a\ud800b', PLAIN))).toBe('a\ufffdb');
});

test('control tokens are one token only where they are parsed', () => {
  const [start] = tokenizer.encode('<|im_start|>', SPECIAL);
  expect(tokenizer.encode('<|im_start|>', SPECIAL)).toHaveLength(1);
  expect(tokenizer.isControl(start!)).toBe(true);
  expect(tokenizer.encode('<|im_start|>', PLAIN).every((token) => !tokenizer.isControl(token))).toBe(true);
  expect(tokenizer.tokenBytes(start!)).toHaveLength(0);
  expect(Buffer.from(tokenizer.tokenBytes(start!, true)).toString()).toBe('<|im_start|>');
});

test('the special tokens are those of the model', () => {
  expect(tokenizer.bosToken).toBe(291);
  expect(tokenizer.eosToken).toBe(293);
  expect(tokenizer.endTokens).toContain(293);
  expect(tokenizer.addsBos).toBe(true);
  expect(tokenizer.encode('a', { addSpecial: true, parseSpecial: false })[0]).toBe(291);
});

test('a text full of special tokens gives the ids of its pieces, in little time', () => {
  const piece = '<|im_start|>the <b> <|im_end|>';
  const once = tokenizer.encode(piece, SPECIAL);
  const many = tokenizer.encode(piece.repeat(20_000), SPECIAL);
  expect(many).toHaveLength(20_000 * once.length);
  expect(many.slice(-once.length)).toEqual(once);
  const started = tokenizer.encode(piece.repeat(500), { addSpecial: true, parseSpecial: true });
  expect(started).toEqual([291, ...Array.from({ length: 500 }, () => once).flat()]);
});

test('a token outside the vocabulary is refused', () => {
  expect(() => tokenizer.tokenBytes(298)).toThrow('token 298 is outside the vocabulary (0 … 297)');
  expect(() => tokenizer.tokenBytes(-1)).toThrow('token -1');
  expect(() => tokenizer.isControl(1.5)).toThrow('token 1.5');
});

test('the tokenizer of a closed model refuses to work', async () => {
  const other = await openLlamaModelFile(loadLibrary(), {
    path: join(folder, 'tiny.gguf'),
    vocabularyOnly: true,
  });
  const closed = createTokenizer(other);
  expect(closed.encode('the', PLAIN)).toEqual(tokenizer.encode('the', PLAIN));
  other.close();
  expect(() => closed.encode('the', PLAIN)).toThrow(/is closed/);
  expect(() => closed.tokenBytes(1)).toThrow(/is closed/);
  expect(() => closed.isControl(1)).toThrow(/is closed/);
});
