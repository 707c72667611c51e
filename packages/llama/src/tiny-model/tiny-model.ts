import { encodeFloats, type FloatType } from '../checkpoint/floats.ts';
import { bool, float32, type GgufMetadata, int32s, string, strings, uint32 } from '../gguf/value.ts';
import { type TensorToWrite, writeGguf } from '../gguf/writer.ts';
import { makeNormalSource } from './random.ts';
import { makeVocabulary, type TinyVocabulary } from './vocabulary.ts';

/** Shape of a random model. Every field has a default; the default model is 0.46 MB. */
export interface TinyModelOptions {
  readonly dim?: number;
  readonly layers?: number;
  readonly heads?: number;
  /** Fewer than `heads`: grouped-query attention. */
  readonly kvHeads?: number;
  readonly feedForward?: number;
  readonly contextTokens?: number;
  /** Tokens of the vocabulary; at least the 298 that it needs. */
  readonly vocabulary?: number;
  /** Given: a mixture of that many experts, two of which answer each token. */
  readonly experts?: number;
  readonly seed?: number;
  readonly type?: FloatType;
  readonly name?: string;
  /** Written as the model's pooling type: an embedding model (mean, cls, last). */
  readonly pooling?: 'mean' | 'cls' | 'last';
}

export interface TinyShape {
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
}

const POOLING_NUMBER = { mean: 1, cls: 2, last: 3 } as const;

const CHAT_TEMPLATE =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** Fills in the defaults; throws RangeError when the shape is impossible. */
export function resolveTinyShape(options: TinyModelOptions): TinyShape {
  const { dim = 64, layers = 2, heads = 4, kvHeads = 2, feedForward = 128 } = options;
  if (dim % heads !== 0 || (dim / heads) % 2 !== 0 || heads % kvHeads !== 0) {
    throw new RangeError(
      `dim ${dim} must split into ${heads} heads of even size, and heads into ${kvHeads} groups`,
    );
  }
  return { dim, layers, heads, kvHeads, feedForward };
}

/**
 * Writes a llama-architecture GGUF with random weights: it speaks gibberish, but every part of an engine can
 * be exercised with it. The same options give the same bytes. Tokenizer: byte-level BPE with a ChatML
 * template.
 */
export async function writeTinyModel(
  path: string,
  options: TinyModelOptions = {},
): Promise<{ bytes: number }> {
  const shape = resolveTinyShape(options);
  const vocabulary = makeVocabulary(options.vocabulary);
  const metadata = describeTinyModel(options, shape, vocabulary);
  return await writeGguf(path, metadata, makeTensors(options, shape, vocabulary.tokens.length));
}

function describeTinyModel(
  options: TinyModelOptions,
  shape: TinyShape,
  vocabulary: TinyVocabulary,
): GgufMetadata {
  const { special } = vocabulary;
  const { contextTokens = 2048, type = 'f32', name = 'tiny-random-llama', pooling } = options;
  return new Map([
    ['general.architecture', string('llama')],
    ['general.type', string('model')],
    ['general.name', string(name)],
    ['general.file_type', uint32({ f32: 0, f16: 1, bf16: 32 }[type])],
    ['general.alignment', uint32(32)],
    ['llama.context_length', uint32(contextTokens)],
    ['llama.embedding_length', uint32(shape.dim)],
    ['llama.block_count', uint32(shape.layers)],
    ['llama.feed_forward_length', uint32(shape.feedForward)],
    ['llama.attention.head_count', uint32(shape.heads)],
    ['llama.attention.head_count_kv', uint32(shape.kvHeads)],
    ['llama.attention.layer_norm_rms_epsilon', float32(1e-5)],
    ['llama.rope.dimension_count', uint32(shape.dim / shape.heads)],
    ['llama.rope.freq_base', float32(10_000)],
    ['llama.vocab_size', uint32(vocabulary.tokens.length)],
    ...(options.experts === undefined
      ? []
      : ([
          ['llama.expert_count', uint32(options.experts)],
          ['llama.expert_used_count', uint32(Math.min(2, options.experts))],
        ] as const)),
    ...(pooling === undefined ? [] : [['llama.pooling_type', uint32(POOLING_NUMBER[pooling])] as const]),
    ['tokenizer.ggml.model', string('gpt2')],
    ['tokenizer.ggml.pre', string('gpt-2')],
    ['tokenizer.ggml.tokens', strings(vocabulary.tokens)],
    ['tokenizer.ggml.token_type', int32s(vocabulary.types)],
    ['tokenizer.ggml.merges', strings(vocabulary.merges)],
    ['tokenizer.ggml.bos_token_id', uint32(special['<|endoftext|>'])],
    ['tokenizer.ggml.eos_token_id', uint32(special['<|im_end|>'])],
    ['tokenizer.ggml.padding_token_id', uint32(special['<|pad|>'])],
    ['tokenizer.ggml.add_bos_token', bool(true)],
    ['tokenizer.ggml.fim_pre_token_id', uint32(special['<|fim_prefix|>'])],
    ['tokenizer.ggml.fim_suf_token_id', uint32(special['<|fim_suffix|>'])],
    ['tokenizer.ggml.fim_mid_token_id', uint32(special['<|fim_middle|>'])],
    ['tokenizer.chat_template', string(CHAT_TEMPLATE)],
  ]);
}

function makeTensors(options: TinyModelOptions, shape: TinyShape, vocabulary: number): TensorToWrite[] {
  const { dim, feedForward } = shape;
  const kvDim = (dim / shape.heads) * shape.kvHeads;
  // Drawn in the order written, from one source: the bytes depend on the seed alone.
  const normal = makeNormalSource(options.seed ?? 42);
  const matrix = (
    name: string,
    columns: number,
    rows: number,
    deviation: number,
    shape = [columns, rows],
  ): TensorToWrite => ({
    name,
    shape,
    type: options.type ?? 'f32',
    data: () =>
      encodeFloats(
        Float64Array.from({ length: columns * rows }, () => normal() * deviation),
        options.type ?? 'f32',
      ),
  });
  const norm = (name: string): TensorToWrite => ({
    name,
    shape: [dim],
    type: 'f32',
    data: () => encodeFloats(new Float64Array(dim).fill(1), 'f32'),
  });
  const { experts } = options;
  // A mixture keeps the matrices of all experts in one tensor, each as large as the whole layer's would be.
  const feedForwardMatrix = (
    name: (part: string) => string,
    part: string,
    columns: number,
    rows: number,
  ): TensorToWrite =>
    experts === undefined
      ? matrix(name(part), columns, rows, columns ** -0.5)
      : matrix(name(`${part}_exps`), columns, rows * experts, columns ** -0.5, [columns, rows, experts]);
  const layers = Array.from({ length: shape.layers }, (_, layer) => {
    const name = (part: string): string => `blk.${layer}.${part}.weight`;
    return [
      norm(name('attn_norm')),
      matrix(name('attn_q'), dim, dim, dim ** -0.5),
      matrix(name('attn_k'), dim, kvDim, dim ** -0.5),
      matrix(name('attn_v'), dim, kvDim, dim ** -0.5),
      matrix(name('attn_output'), dim, dim, dim ** -0.5),
      norm(name('ffn_norm')),
      ...(experts === undefined ? [] : [matrix(name('ffn_gate_inp'), dim, experts, 1)]),
      feedForwardMatrix(name, 'ffn_gate', dim, feedForward),
      feedForwardMatrix(name, 'ffn_up', dim, feedForward),
      feedForwardMatrix(name, 'ffn_down', feedForward, dim),
    ];
  });
  return [
    matrix('token_embd.weight', dim, vocabulary, 1),
    norm('output_norm.weight'),
    // Twice the usual deviation, so that the distribution over tokens is not flat.
    matrix('output.weight', dim, vocabulary, 2 * dim ** -0.5),
    ...layers.flat(),
  ];
}
