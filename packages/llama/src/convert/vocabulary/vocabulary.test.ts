import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { string } from '../../gguf/value.ts';
import { writeGguf } from '../../gguf/writer.ts';
import { openLlamaModelFile } from '../../model.ts';
import { loadLibrary } from '../../native/library.ts';
import { createTokenizer } from '../../tokenizer.ts';
import { ConvertError } from '../convert-error.ts';
import { JsonObject } from '../json-object.ts';
import type { ModelFolder } from '../model-folder.ts';
import { describeVocabulary } from './describe-vocabulary.ts';
import { detectPreTokenizer } from './pre-tokenizer.ts';
import { parseSentencePiece } from './sentencepiece-model.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vocabulary-'));
});

afterAll(() => rm(root, { recursive: true }));

function makeFolder(files: { tokenizer?: object; config?: object; sentencePiece?: Uint8Array }): ModelFolder {
  return {
    path: 'folder',
    config: new JsonObject('config.json', {}),
    tokenizer: files.tokenizer === undefined ? null : JsonObject.from('tokenizer.json', files.tokenizer),
    tokenizerConfig: JsonObject.from('tokenizer_config.json', files.config ?? {}),
    sentencePiece: files.sentencePiece ?? null,
    chatTemplates: new Map(),
  };
}

/** Texts of the tokens that llama.cpp makes of a text with the converted vocabulary. */
async function tokenize(
  folder: ModelFolder,
  size: number,
  text: string,
  tokenTypes?: number,
): Promise<string[]> {
  const path = join(root, 'vocabulary.gguf');
  const metadata = new Map([
    ['general.architecture', string(tokenTypes === undefined ? 'llama' : 'bert')],
    ...describeVocabulary(folder, size, tokenTypes),
  ]);
  await writeGguf(path, metadata, []);
  const model = await openLlamaModelFile(loadLibrary(), { path, vocabularyOnly: true });
  const tokenizer = createTokenizer(model);
  const ids = tokenizer.encode(text, { addSpecial: true, parseSpecial: true });
  const texts = ids.map((id) => Buffer.from(tokenizer.tokenBytes(id, true)).toString());
  model.close();
  return texts;
}

const BYTES = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const PIECES = ['<unk>', '<s>', '</s>', ...BYTES, '▁', 'c', 'a', 't', 's', 'ca', 'at', 'cat', '▁cat'];
const MERGES = ['a t', 'c a', 'c at', '▁ cat'];

test('SentencePiece merges from tokenizer.json go by their rank', async () => {
  const tokenizer = {
    model: {
      type: 'BPE',
      byte_fallback: true,
      unk_token: '<unk>',
      vocab: Object.fromEntries(PIECES.map((text, id) => [text, id])),
      merges: MERGES,
    },
    normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace' }] },
    added_tokens: [
      { id: 1, content: '<s>', special: true },
      { id: 2, content: '</s>', special: true },
    ],
  };
  const config = { bos_token: '<s>', eos_token: '</s>', add_bos_token: true };
  const folder = makeFolder({ tokenizer, config });
  expect(await tokenize(folder, PIECES.length, 'cats')).toEqual(['<s>', ' cat', 's']);
  // Without the whole word, the earlier merge takes the letter that both could have.
  const withMerges = (merges: string[]): ModelFolder => {
    const vocab = Object.fromEntries(PIECES.slice(0, -2).map((text, id) => [text, id]));
    return makeFolder({ tokenizer: { ...tokenizer, model: { ...tokenizer.model, vocab, merges } }, config });
  };
  expect(await tokenize(withMerges(['a t', 'c a']), PIECES.length, 'cat')).toEqual(['<s>', ' ', 'c', 'at']);
  expect(await tokenize(withMerges(['c a', 'a t']), PIECES.length, 'cat')).toEqual(['<s>', ' ', 'ca', 't']);
  expect(await tokenize(folder, PIECES.length, 'é')).toEqual(['<s>', ' ', '�', '�']);
});

/** A protocol buffer of pieces, and a normalizer that adds no space. */
function encodeSentencePiece(pieces: readonly { text: string; score: number; kind: number }[]): Buffer {
  const field = (number: number, data: Buffer): Buffer =>
    Buffer.concat([Buffer.of((number << 3) | 2), encodeVarint(data.length), data]);
  const score = (value: number): Buffer => {
    const bytes = Buffer.alloc(5, 0x15);
    bytes.writeFloatLE(value, 1);
    return bytes;
  };
  const encoded = pieces.map((piece) =>
    field(
      1,
      Buffer.concat([field(1, Buffer.from(piece.text)), score(piece.score), Buffer.of(0x18, piece.kind)]),
    ),
  );
  return Buffer.concat([...encoded, field(3, Buffer.of(0x18, 0))]);
}

function encodeVarint(value: number): Buffer {
  return value < 128 ? Buffer.of(value) : Buffer.of((value & 127) | 128, value >> 7);
}

test('tokenizer.model is read piece by piece', async () => {
  const kinds: Record<string, number> = { '<unk>': 2, '<s>': 3, '</s>': 3 };
  const rank = (text: string): number => MERGES.findIndex((merge) => merge.replace(' ', '') === text);
  const pieces = PIECES.map((text) => ({
    text,
    kind: kinds[text] ?? (text.startsWith('<0x') ? 6 : 1),
    score: rank(text) < 0 ? -1000 : -rank(text),
  }));
  const bytes = encodeSentencePiece(pieces);
  expect(parseSentencePiece(bytes)).toEqual({ pieces, addsPrefix: false, removesExtraSpaces: true });
  const config = { bos_token: '<s>', eos_token: { content: '</s>' }, add_bos_token: true };
  const folder = makeFolder({ sentencePiece: bytes, config });
  expect(await tokenize(folder, PIECES.length, 'cat cat')).toEqual(['<s>', 'cat', ' cat']);
});

test('a damaged tokenizer.model is refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        parseSentencePiece(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ConvertError);
      }
    }),
  );
});

test('a Unigram vocabulary takes the likeliest pieces', async () => {
  const vocab = [
    ['<s>', 0],
    ['<pad>', 0],
    ['</s>', 0],
    ['<unk>', 0],
    ['▁', -5],
    ['▁the', -2],
    ['▁cat', -3],
    ['s', -2.5],
    ['▁cats', -9],
  ];
  const tokenizer = {
    model: { type: 'Unigram', unk_id: 3, vocab },
    added_tokens: [0, 1, 2, 3].map((id) => ({ id, content: vocab[id]![0], special: true })),
    post_processor: { type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 2] },
  };
  const config = { cls_token: '<s>', sep_token: '</s>', bos_token: '<s>', eos_token: '</s>' };
  const folder = makeFolder({ tokenizer, config });
  expect(await tokenize(folder, vocab.length, 'the cats', 1)).toEqual(['<s>', ' the', ' cat', 's', '</s>']);
});

test('ways of cutting are told apart by their patterns, and others refused with theirs', () => {
  const detect = (pre_tokenizer: object, model: object = {}) =>
    detectPreTokenizer(new JsonObject('tokenizer.json', { pre_tokenizer, model }));
  const byteLevel = { type: 'ByteLevel', use_regex: true, add_prefix_space: false };
  const digits = { type: 'Digits', individual_digits: true };
  expect(detect(byteLevel)).toBe('gpt-2');
  expect(detect({ type: 'Sequence', pretokenizers: [digits, byteLevel] })).toBe('smollm');
  const split = (Regex: string) => ({
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex }, behavior: 'Isolated' },
      { ...byteLevel, use_regex: false },
    ],
  });
  const rest = ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
  const words = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
  expect(detect(split(`${words}|\\p{N}{1,3}|${rest}`), { ignore_merges: true })).toBe('llama-bpe');
  expect(detect(split(`${words}|\\p{N}|${rest}`))).toBe('qwen2');
  expect(() => detect(split('\\w+'))).toThrow('is not supported: Split(\\w+) ByteLevel');
});

test('a vocabulary larger than the model embeds is refused, a smaller one filled up', () => {
  const tokenizer = { model: { type: 'WordPiece', vocab: { '[UNK]': 0, a: 1, b: 2 } } };
  expect(() => describeVocabulary(makeFolder({ tokenizer }), 2, 1)).toThrow(
    'has 3 tokens, but the model embeds only 2',
  );
  const filled = new Map(describeVocabulary(makeFolder({ tokenizer }), 5, 1));
  expect(filled.get('tokenizer.ggml.tokens')?.value).toEqual(['▁[UNK]', '▁a', '▁b', '[PAD3]', '[PAD4]']);
  expect(() => describeVocabulary(makeFolder({}), 5, undefined)).toThrow(
    'neither tokenizer.json nor tokenizer.model',
  );
});
