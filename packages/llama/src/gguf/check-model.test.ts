import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLlamaModelFile } from '../model.ts';
import { loadLibrary } from '../native/library.ts';
import { writeTinyModel } from '../tiny-model/tiny-model.ts';
import { checkAttention } from './check-attention.ts';
import { checkModelFile, checkModelHeader } from './check-model.ts';
import { checkSpecialTokens } from './check-special-tokens.ts';
import { type GgufHeader, type GgufTensor, parseGgufHeader } from './reader.ts';
import { tensorTypeNamed } from './tensor-type.ts';
import { bool, float32, type GgufValue, int32s, string, strings, uint32 } from './value.ts';
import { writeGguf } from './writer.ts';

let folder: string;
let header: GgufHeader;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'check-model-'));
  const path = join(folder, 'tiny.gguf');
  await writeTinyModel(path);
  const bytes = await readFile(path);
  header = parseGgufHeader(bytes, bytes.length);
});

afterAll(() => rm(folder, { recursive: true }));

/** Checks the tiny model with one metadata value changed (or removed). */
function checkWith(key: string, value: GgufValue | undefined): void {
  const metadata = new Map(header.metadata);
  if (value === undefined) metadata.delete(key);
  else metadata.set(key, value);
  checkModelHeader({ ...header, metadata });
}

/** Checks the tiny model with the type of one tensor changed. */
function checkWithType(name: string, type: string): void {
  const tensors = header.tensors.map((tensor) =>
    tensor.name === name ? { ...tensor, type: tensorTypeNamed(type) } : tensor,
  );
  checkModelHeader({ ...header, tensors });
}

test('a sound model passes', async () => {
  expect((await checkModelFile(join(folder, 'tiny.gguf'))).tensors.size).toBe(21);
});

test('values that make llama.cpp end the process are refused by name', () => {
  // Each of these was seen to abort llama.cpp v0.5.0 on this very model.
  const fatal: [string, GgufValue, string][] = [
    ['llama.block_count', uint32(0), 'llama.block_count must be from 1 to 512, not 0'],
    ['llama.block_count', uint32(513), 'from 1 to 512'],
    ['llama.expert_count', uint32(3), 'llama.expert_used_count must be at least 1'],
    ['llama.expert_count', uint32(2000), 'from 0 to 1024'],
    ['llama.expert_used_count', uint32(1), 'from 0 to 0, not 1'],
    ['llama.expert_group_count', uint32(3), 'llama.expert_group_count'],
    ['llama.nextn_predict_layers', uint32(99), 'from 0 to 2'],
    ['llama.rope.scaling.type', string('bogus'), 'none, linear, yarn, longrope, not bogus'],
    ['llama.attention.layer_norm_rms_epsilon', float32(-1), 'from 0 to 1, not -1'],
    ['llama.attention.layer_norm_rms_epsilon', float32(Number.NaN), 'not NaN'],
    ['tokenizer.ggml.model', string('llama'), 'lacks the byte token <0x00>'],
    ['tokenizer.ggml.model', string('no_vocab'), 'not no_vocab'],
    ['llama.rope.dimension_count', uint32(0), 'an even number from 2 to 16, not 0'],
    ['llama.rope.dimension_count', uint32(7), 'an even number from 2 to 16, not 7'],
    ['tokenizer.ggml.token_type', int32s(new Array(298).fill(6)), 'calls token 0'],
    ['general.name', string('phi-3 like'), 'there is no token </s>; rename it'],
    ['tokenizer.ggml.tokens', strings(['a', 'b', 'a']), 'holds "a" twice, as 0 and 2'],
  ];
  for (const [key, value, message] of fatal) expect(() => checkWith(key, value), key).toThrow(message);
});

test('weights in types that crash the first computation are refused', () => {
  expect(() => checkWithType('blk.0.attn_q.weight', 'q8_1')).toThrow('has the type q8_1, not a weight');
  expect(() => checkWithType('token_embd.weight', 'i32')).toThrow('token_embd.weight');
  expect(() => checkWithType('output_norm.weight', 'f16')).toThrow('must be f32, not f16');
  expect(() => checkWithType('blk.0.attn_q.weight', 'q4_0')).not.toThrow();
});

test('a special token outside the vocabulary is refused: the model would never end', () => {
  expect(() => checkWith('tokenizer.ggml.eos_token_id', uint32(298))).toThrow(
    'is 298, but there are 298 tokens',
  );
});

test('attention without its matrices, or with others than the heads want, is refused', () => {
  const check = (change: (tensors: Map<string, GgufTensor>, metadata: Map<string, GgufValue>) => void) => {
    const tensors = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
    const metadata = new Map(header.metadata);
    change(tensors, metadata);
    checkAttention(metadata, 'llama', tensors);
  };
  expect(() => check(() => undefined)).not.toThrow();
  expect(() => check((tensors) => tensors.delete('blk.1.attn_k.weight'))).toThrow(
    'no tensor blk.1.attn_k.weight',
  );
  const heads = (value: number) => (_: unknown, metadata: Map<string, GgufValue>) =>
    metadata.set('llama.attention.head_count', uint32(value));
  expect(() => check(heads(3))).toThrow('which 2 key-value heads cannot serve');
  expect(() => check(heads(8))).toThrow('attn_k.weight [64,32] must have 16 rows');
});

test('a token that is put around every text must exist', () => {
  const check = (fields: Record<string, GgufValue>, model: string) =>
    checkSpecialTokens(new Map(Object.entries(fields)), model, 50);
  expect(() => check({}, 'bert')).toThrow('tokenizer.ggml.bos_token_id must name a token');
  expect(() => check({ 'tokenizer.ggml.bos_token_id': uint32(1) }, 'bert')).toThrow(
    'seperator_token_id must name',
  );
  expect(() => check({ 'tokenizer.ggml.add_bos_token': bool(true) }, 't5')).toThrow('bos_token_id must name');
  expect(() => check({}, 'llama')).not.toThrow();
});

test('unknown and unservable architectures are refused by name', () => {
  expect(() => checkWith('general.architecture', string('gpt5'))).toThrow('architecture gpt5 is not known');
  expect(() => checkWith('general.architecture', string('t5'))).toThrow('an encoder-decoder');
  expect(() => checkWith('general.architecture', undefined)).toThrow('is missing');
  expect(() => checkWith('general.type', string('adapter'))).toThrow('of type adapter, not a model');
});

test('values of the wrong type are refused with the type expected', () => {
  expect(() => checkWith('llama.block_count', string('2'))).toThrow('must be a whole number, not string');
  expect(() => checkWith('tokenizer.ggml.tokens', uint32(2))).toThrow('must be an array of string');
  expect(() => checkWith('general.architecture', uint32(2))).toThrow('must be a text, not uint32');
});

/** Writes the tiny model as two files, as llama.cpp splits one. */
async function writeSplit(name: string): Promise<[string, string]> {
  const paths = [1, 2].map((part) => join(folder, `${name}-0000${part}-of-00002.gguf`)) as [string, string];
  const bytes = await readFile(join(folder, 'tiny.gguf'));
  const half = Math.ceil(header.tensors.length / 2);
  for (const [part, path] of paths.entries()) {
    const metadata = new Map([
      ...(part === 0 ? header.metadata : []),
      ['split.no', { type: 'uint16', value: part }],
      ['split.count', { type: 'uint16', value: 2 }],
      ['split.tensors.count', { type: 'int32', value: header.tensors.length }],
    ] as [string, GgufValue][]);
    const tensors = header.tensors.slice(part * half, (part + 1) * half).map((tensor) => ({
      ...tensor,
      type: tensor.type.name,
      data: () => bytes.subarray(tensor.offset, tensor.offset + tensor.bytes),
    }));
    await writeGguf(path, metadata, tensors);
  }
  return paths;
}

test('a model in several files is checked and opened by its first, and needs all of them', async () => {
  const [first, second] = await writeSplit('whole');
  expect((await checkModelFile(first)).tensors.size).toBe(21);
  (await openLlamaModelFile(loadLibrary(), { path: first })).close();
  await expect(checkModelFile(second)).rejects.toThrow();
  await rename(first, join(folder, 'renamed.gguf'));
  await expect(checkModelFile(join(folder, 'renamed.gguf'))).rejects.toThrow(
    'whose name ends -00001-of-00002.gguf',
  );
  const [alone, missing] = await writeSplit('half');
  await rm(missing);
  await expect(checkModelFile(alone)).rejects.toThrow(/half-00002-of-00002\.gguf is not there/);
});

test('a file without tensors is refused', () => {
  expect(() => checkModelHeader({ ...header, tensors: [] })).toThrow('a vocabulary only');
});
