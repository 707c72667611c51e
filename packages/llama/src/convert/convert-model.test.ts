import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type LlamaContext, openContext, type Pooling } from '../context.ts';
import { readGgufHeader } from '../gguf/reader.ts';
import { type LlamaModel, openLlamaModelFile } from '../model.ts';
import { loadLibrary } from '../native/library.ts';
import { type TinyCheckpointOptions, writeTinyCheckpoint } from '../tiny-model/tiny-checkpoint.ts';
import { createTokenizer } from '../tokenizer.ts';
import { convertModelFolder } from './convert-model.ts';
import { computeReferenceLogits } from './testing/reference-decoder.ts';
import { computeReferenceStates, poolMean } from './testing/reference-encoder.ts';
import { applyLinear, readWeights } from './testing/reference-math.ts';

const TOKENS = [5, 60, 7, 100, 33, 250, 12, 90, 41, 8, 77, 200];
const library = loadLibrary();
let root: string;
let folder: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'convert-'));
});

afterAll(() => rm(root, { recursive: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(root, 'model-'));
});

async function readConfig(): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
}

async function withModel<T>(use: (model: LlamaModel) => Promise<T>): Promise<T> {
  const target = join(folder, 'model.gguf');
  await convertModelFolder({ folder, target });
  const model = await openLlamaModelFile(library, { path: target });
  try {
    return await use(model);
  } finally {
    model.close();
  }
}

async function withContext<T>(
  model: LlamaModel,
  pooling: Pooling | undefined,
  use: (context: LlamaContext) => Promise<T>,
): Promise<T> {
  const options = { cellsMax: 256, sequencesMax: 1, batchTokensMax: 64, microBatchTokensMax: 64, threads: 1 };
  const context = await openContext(model, { ...options, cacheType: 'f32', pooling });
  try {
    return await use(context);
  } finally {
    context.close();
  }
}

function fill(context: LlamaContext, tokens: readonly number[]): number {
  for (const [row, token] of tokens.entries()) {
    context.batch.tokens[row] = token;
    context.batch.positions[row] = row;
    context.batch.slots[row] = 0;
    context.batch.outputs[row] = 1;
  }
  return tokens.length;
}

/** Root mean square of the difference over that of the values. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let index = 0; index < expected.length; index++) {
    difference += (found[index]! - expected[index]!) ** 2;
    size += expected[index]! ** 2;
  }
  return Math.sqrt(difference / size);
}

/** Converts the folder and compares all logits with those computed from the original weights. */
async function compareLogits(options: TinyCheckpointOptions): Promise<number> {
  await writeTinyCheckpoint(folder, options);
  const expected = computeReferenceLogits(await readWeights(folder), await readConfig(), TOKENS);
  return await withModel((model) =>
    withContext(model, undefined, async (context) => {
      await context.decode(fill(context, TOKENS));
      return Math.max(...expected.map((row, index) => relativeError(context.logits(index), row)));
    }),
  );
}

const LLAMA3 = { factor: 4, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 32 };
const DECODERS: [string, TinyCheckpointOptions][] = [
  ['LlamaForCausalLM', {}],
  ['LlamaForCausalLM', { config: { attention_bias: true } }],
  ['LlamaForCausalLM', { config: { tie_word_embeddings: true } }],
  ['LlamaForCausalLM', { config: { rope_scaling: { rope_type: 'linear', factor: 2 } } }],
  ['LlamaForCausalLM', { config: { rope_scaling: { rope_type: 'llama3', ...LLAMA3 } } }],
  ['MistralForCausalLM', {}],
  ['Qwen2ForCausalLM', {}],
  ['Qwen3ForCausalLM', {}],
  ['GemmaForCausalLM', {}],
  ['Gemma2ForCausalLM', {}],
  ['Gemma3ForCausalLM', {}],
  ['Phi3ForCausalLM', {}],
];

test.each(DECODERS)('%s %j gives the logits of the original weights', async (className, options) => {
  expect(await compareLogits({ ...options, className })).toBeLessThan(5e-3);
});

test.each(['BertModel', 'RobertaModel', 'NomicBertModel'])(
  '%s gives the vectors of the original weights',
  async (className) => {
    await writeTinyCheckpoint(folder, { className });
    const tokens = [2, 6, 7, 50, 80, 3];
    const states = computeReferenceStates(await readWeights(folder), await readConfig(), tokens);
    const found = await withModel((model) =>
      withContext(model, 'mean', async (context) => {
        await context.decode(fill(context, tokens));
        return context.sequenceEmbedding(0, 64);
      }),
    );
    expect(relativeError(found, poolMean(states))).toBeLessThan(5e-3);
  },
);

test('a reranker gives the score of the original weights', async () => {
  await writeTinyCheckpoint(folder, { className: 'BertForSequenceClassification' });
  const tokens = [2, 6, 7, 3, 50, 80, 3];
  const weights = await readWeights(folder);
  const [cls] = computeReferenceStates(weights, await readConfig(), tokens);
  const pooled = applyLinear([cls!], weights, 'bert.pooler.dense').map((row) => row.map(Math.tanh));
  const [[expected] = []] = applyLinear(pooled, weights, 'classifier').map((row) => [...row]);
  const found = await withModel((model) =>
    withContext(model, 'rank', async (context) => {
      await context.decode(fill(context, tokens));
      return context.sequenceEmbedding(0, 1)[0];
    }),
  );
  expect(found).toBeCloseTo(expected!, 2);
});

test('types and shards of the checkpoint are kept; another type can be asked for', async () => {
  await writeTinyCheckpoint(folder, { type: 'bf16', shards: 3 });
  const target = join(folder, 'kept.gguf');
  await convertModelFolder({ folder, target });
  const typesOf = async (path: string) =>
    new Set((await readGgufHeader(path)).tensors.map((tensor) => tensor.type.name));
  expect(await typesOf(target)).toEqual(new Set(['bf16', 'f32']));
  await convertModelFolder({ folder, target, type: 'f16' });
  expect(await typesOf(target)).toEqual(new Set(['f16', 'f32']));
});

test('the tokenizer, its special tokens and the chat template come along', async () => {
  await writeTinyCheckpoint(folder);
  await withModel(async (model) => {
    const tokenizer = createTokenizer(model);
    expect(tokenizer.encode('the', { addSpecial: true, parseSpecial: false })).toEqual([291, 257]);
    expect(tokenizer.encode('<|im_end|>', { addSpecial: false, parseSpecial: true })).toEqual([293]);
    expect([tokenizer.bosToken, tokenizer.eosToken, tokenizer.addsBos]).toEqual([291, 293, true]);
    expect(model.chatTemplate).toContain('<|im_start|>');
  });
});

test('the word pieces of an encoder come along', async () => {
  await writeTinyCheckpoint(folder, { className: 'BertModel' });
  await withModel(async (model) => {
    const tokenizer = createTokenizer(model);
    const ids = tokenizer.encode('The cats eating!', { addSpecial: true, parseSpecial: false });
    const texts = ids.map((id) => Buffer.from(tokenizer.tokenBytes(id, true)).toString());
    expect(texts).toEqual(['[CLS]', ' the', ' cat', 's', ' eat', 'ing', ' !', '[SEP]']);
  });
});

test('pooling is read from the sentence-transformers files', async () => {
  await writeTinyCheckpoint(folder, { className: 'BertModel' });
  await writeFile(
    join(folder, 'modules.json'),
    JSON.stringify([{ type: 'models.Pooling', path: '1_Pooling' }]),
  );
  await expect(convertModelFolder({ folder, target: join(folder, 'x.gguf') })).rejects.toThrow(
    'is not there',
  );
  const pooling = await mkdtemp(join(folder, '1_'));
  await writeFile(
    join(folder, 'modules.json'),
    JSON.stringify([{ type: 'models.Pooling', path: pooling.split('/').at(-1) }]),
  );
  await writeFile(join(pooling, 'config.json'), JSON.stringify({ pooling_mode_cls_token: true }));
  await withModel(async (model) => expect(model.metadata['bert.pooling_type']).toBe('2'));
  await writeFile(join(pooling, 'config.json'), JSON.stringify({ pooling_mode_max_tokens: true }));
  await expect(convertModelFolder({ folder, target: join(folder, 'x.gguf') })).rejects.toThrow(
    'only mean, cls and last',
  );
});

test('a name that llama.cpp would take for Phi-3 is changed where the tokenizer is another', async () => {
  await writeTinyCheckpoint(folder);
  const target = join(folder, 'model.gguf');
  await convertModelFolder({ folder, target, name: 'My-Phi-3-rival' });
  const { metadata } = await readGgufHeader(target);
  expect(metadata.get('general.name')?.value).toBe('My-phi 3-rival');
  (await openLlamaModelFile(library, { path: target })).close();
});

test('the context ends where a window begins that is not computed', async () => {
  await writeTinyCheckpoint(folder, { className: 'MistralForCausalLM', config: { sliding_window: 100 } });
  await withModel(async (model) => expect(model.contextTokensTrained).toBe(100));
});

test('what is not supported is refused by name, and nothing is left behind', async () => {
  const cases: [TinyCheckpointOptions, string][] = [
    [
      { config: { architectures: ['MambaForCausalLM'] } },
      'class MambaForCausalLM are not converted; supported are Llama',
    ],
    [{ config: { quantization_config: { quant_method: 'awq' } } }, 'quantized already (awq)'],
    [{ config: { rope_scaling: { type: 'dynamic', factor: 2 } } }, 'rope_scaling of the type dynamic'],
    [{ config: { hidden_act: 'relu' } }, 'the activation relu is not what llama computes'],
    [{ config: { num_hidden_layers: 'three' } }, 'num_hidden_layers must be a number, not "three"'],
    [
      { className: 'Gemma2ForCausalLM', config: { query_pre_attn_scalar: 99 } },
      'query_pre_attn_scalar is 99',
    ],
    [
      { className: 'Gemma3ForCausalLM', config: { layer_types: ['full_attention', 'x', 'x'] } },
      'does not repeat',
    ],
    [{ className: 'BertForSequenceClassification', config: { num_labels: 3 } }, 'a classifier of 3 labels'],
  ];
  for (const [options, message] of cases) {
    await writeTinyCheckpoint(folder, options).catch(() => undefined);
    const target = join(folder, 'refused.gguf');
    await expect(convertModelFolder({ folder, target }), message).rejects.toThrow(message);
  }
  expect((await readdir(folder)).filter((name) => name.startsWith('refused'))).toEqual([]);
});

test('missing and foreign weights are named', async () => {
  await writeTinyCheckpoint(folder);
  const path = join(folder, 'config.json');
  const config = await readConfig();
  await writeFile(path, JSON.stringify({ ...config, num_hidden_layers: 4 }));
  const target = join(folder, 'x.gguf');
  await expect(convertModelFolder({ folder, target })).rejects.toThrow(
    'lacks the weight that becomes blk.3.attn_q.weight',
  );
  await writeFile(path, JSON.stringify({ ...config, num_hidden_layers: 2 }));
  await expect(convertModelFolder({ folder, target })).rejects.toThrow(
    'the weight model.layers.2.input_layernorm.weight has no place in a llama model',
  );
  await rm(path);
  await expect(convertModelFolder({ folder, target })).rejects.toThrow('holds no config.json');
});
