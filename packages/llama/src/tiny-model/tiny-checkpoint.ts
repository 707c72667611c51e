import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFloats, type FloatType } from '../checkpoint/floats.ts';
import { type SafetensorToWrite, writeSafetensors } from '../checkpoint/write-safetensors.ts';
import { decoderTensors, encoderTensors, type TensorSize } from './checkpoint-tensors.ts';
import { makeNormalSource } from './random.ts';
import { makeByteLevelTokenizer, makeWordPieceTokenizer } from './tiny-tokenizers.ts';

/** Shape of a random Hugging Face model folder. */
export interface TinyCheckpointOptions {
  /** Hugging Face's class, such as `LlamaForCausalLM` (the default) or `BertModel`. */
  readonly className?: string;
  readonly seed?: number;
  readonly type?: FloatType;
  /** Fields of config.json to set or replace. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Files to split the weights into. */
  readonly shards?: number;
}

const DECODER = {
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 3,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  max_position_embeddings: 512,
  rms_norm_eps: 1e-5,
  rope_theta: 10_000,
  hidden_act: 'silu',
  tie_word_embeddings: false,
};

const GEMMA = {
  head_dim: 16,
  hidden_activation: 'gelu_pytorch_tanh',
  tie_word_embeddings: true,
  query_pre_attn_scalar: 16,
};

const ENCODER = {
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  max_position_embeddings: 128,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  hidden_act: 'gelu',
};

/** Configurations by class; each has what is peculiar to it switched on. */
const CONFIGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  LlamaForCausalLM: DECODER,
  MistralForCausalLM: { ...DECODER, head_dim: 16, sliding_window: null },
  Qwen2ForCausalLM: { ...DECODER, use_sliding_window: false, sliding_window: 64 },
  Qwen3ForCausalLM: { ...DECODER, head_dim: 16, tie_word_embeddings: true },
  GemmaForCausalLM: { ...DECODER, ...GEMMA },
  Gemma2ForCausalLM: {
    ...DECODER,
    ...GEMMA,
    attn_logit_softcapping: 5,
    final_logit_softcapping: 3,
    sliding_window: 4,
  },
  Gemma3ForCausalLM: {
    ...DECODER,
    ...GEMMA,
    rope_theta: 1_000_000,
    rope_local_base_freq: 10_000,
    sliding_window: 4,
    sliding_window_pattern: 3,
  },
  Phi3ForCausalLM: { ...DECODER, sliding_window: null },
  BertModel: ENCODER,
  RobertaModel: { ...ENCODER, pad_token_id: 1 },
  BertForSequenceClassification: { ...ENCODER, num_labels: 1 },
  NomicBertModel: {
    n_embd: 64,
    n_inner: 96,
    n_layer: 2,
    n_head: 4,
    n_positions: 128,
    max_trained_positions: 128,
    type_vocab_size: 2,
    layer_norm_epsilon: 1e-12,
    rotary_emb_base: 1000,
    activation_function: 'swiglu',
  },
};

/** Classes that `writeTinyCheckpoint` can write. */
export const TINY_CHECKPOINT_CLASSES: readonly string[] = Object.keys(CONFIGS);

/**
 * Writes a Hugging Face model folder with random weights: config.json, model.safetensors, tokenizer.json and
 * tokenizer_config.json. The same options give the same bytes.
 */
export async function writeTinyCheckpoint(
  folder: string,
  options: TinyCheckpointOptions = {},
): Promise<void> {
  const { className = 'LlamaForCausalLM', seed = 11, type = 'f32', shards = 1 } = options;
  const known = CONFIGS[className];
  if (known === undefined) throw new RangeError(`no tiny checkpoint of the class ${className}`);
  const isEncoder = /Bert|Roberta/.test(className);
  const tokenizer = isEncoder ? makeWordPieceTokenizer() : makeByteLevelTokenizer();
  const config = { architectures: [className], vocab_size: tokenizer.size, ...known, ...options.config };
  const sizes = isEncoder ? encoderTensors(config, className) : decoderTensors(config, className);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer.tokenizer));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizer.config));
  await writeShards(folder, drawTensors(sizes, seed, type), shards);
}

function drawTensors(sizes: readonly TensorSize[], seed: number, type: FloatType): SafetensorToWrite[] {
  const normal = makeNormalSource(seed);
  return sizes.map(({ name, shape, mean, deviation }) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float64Array.from({ length: count }, () => mean + normal() * deviation);
    return { name, shape, type, data: encodeFloats(values, type) };
  });
}

async function writeShards(
  folder: string,
  tensors: readonly SafetensorToWrite[],
  shards: number,
): Promise<void> {
  if (shards === 1) return await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  const size = Math.ceil(tensors.length / shards);
  const map: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const part = tensors.slice(shard * size, (shard + 1) * size);
    const file = `model-${String(shard + 1).padStart(5, '0')}-of-${String(shards).padStart(5, '0')}.safetensors`;
    await writeSafetensors(join(folder, file), part);
    for (const { name } of part) map[name] = file;
  }
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
}
