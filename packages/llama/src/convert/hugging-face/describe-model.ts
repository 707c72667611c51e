import { encodeFloats } from '../../checkpoint/floats.ts';
import { float32, type GgufValue, string, uint32 } from '../../gguf/value.ts';
import type { TensorToWrite } from '../../gguf/writer.ts';
import type { Architecture, ModelSizes } from './architectures.ts';
import { type HfConfig, type RopeSettings, readRope, ropeNumber } from './hf-config.ts';
import { HfModelError } from './hf-error.ts';

type Entries = [string, GgufValue][];

/** The hyperparameters of a model as GGUF metadata, without the vocabulary. Throws HfModelError. */
export function describeModel(config: HfConfig, architecture: Architecture, sizes: ModelSizes, name: string) {
  const { gguf } = architecture;
  const { layers, hidden, heads, kvHeads, headSize, feedForward, vocabulary, experts } = sizes;
  const rope = readRope(config);
  const entries: Entries = [
    ['general.architecture', string(gguf)],
    ['general.type', string('model')],
    ['general.name', string(name)],
    ['general.alignment', uint32(32)],
    [`${gguf}.context_length`, uint32(config.integer('max_position_embeddings'))],
    [`${gguf}.embedding_length`, uint32(hidden)],
    [`${gguf}.block_count`, uint32(layers)],
    [`${gguf}.feed_forward_length`, uint32(feedForward)],
    [`${gguf}.attention.head_count`, uint32(heads)],
    [`${gguf}.attention.head_count_kv`, uint32(kvHeads)],
    [`${gguf}.attention.key_length`, uint32(headSize)],
    [`${gguf}.attention.value_length`, uint32(headSize)],
    [`${gguf}.attention.layer_norm_rms_epsilon`, float32(config.optionalNumber('rms_norm_eps') ?? 1e-6)],
    [`${gguf}.rope.freq_base`, float32(rope.theta)],
    [`${gguf}.vocab_size`, uint32(vocabulary)],
    ...(architecture.gemma > 0 ? [] : ([[`${gguf}.rope.dimension_count`, uint32(headSize)]] as Entries)),
    ...describeRope(gguf, rope),
    ...describeGemma(config, architecture),
  ];
  if (experts > 0) {
    const used = config.integer('num_experts_per_tok');
    if (used > experts) {
      throw new HfModelError('config.json', `num_experts_per_tok is ${used}, and there are ${experts} experts`);
    }
    entries.push([`${gguf}.expert_count`, uint32(experts)], [`${gguf}.expert_used_count`, uint32(used)]);
  }
  checkUnsupported(config);
  return { metadata: new Map(entries), extraTensors: makeRopeTensors(config, rope, headSize) };
}

function describeRope(gguf: string, rope: RopeSettings): Entries {
  switch (rope.kind) {
    case 'default':
    case 'llama3':
      return [];
    case 'linear':
      return [
        [`${gguf}.rope.scaling.type`, string('linear')],
        [`${gguf}.rope.scaling.factor`, float32(ropeNumber(rope, 'factor'))],
      ];
    case 'yarn':
      return [
        [`${gguf}.rope.scaling.type`, string('yarn')],
        [`${gguf}.rope.scaling.factor`, float32(ropeNumber(rope, 'factor'))],
        [
          `${gguf}.rope.scaling.original_context_length`,
          uint32(ropeNumber(rope, 'original_max_position_embeddings')),
        ],
      ];
    default:
      throw new HfModelError(
        'config.json',
        `rope_scaling of type ${rope.kind.slice(0, 40)} can't be converted here; upload a .gguf file instead`,
      );
  }
}

/** Llama 3.1's scaling is written as one factor a frequency (the formula of its reference code). */
function makeRopeTensors(config: HfConfig, rope: RopeSettings, headSize: number): TensorToWrite[] {
  if (rope.kind !== 'llama3') return [];
  const factor = ropeNumber(rope, 'factor');
  const [low, high] = [ropeNumber(rope, 'low_freq_factor'), ropeNumber(rope, 'high_freq_factor')];
  const context =
    typeof rope.json.original_max_position_embeddings === 'number'
      ? ropeNumber(rope, 'original_max_position_embeddings')
      : config.integer('max_position_embeddings');
  if (!(high > low)) throw new HfModelError('config.json', 'high_freq_factor must be above low_freq_factor');
  const factors = Array.from({ length: headSize / 2 }, (_, index) => {
    const wavelength = 2 * Math.PI * rope.theta ** ((2 * index) / headSize);
    if (wavelength < context / high) return 1;
    if (wavelength > context / low) return factor;
    const smooth = (context / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
  const data = encodeFloats(factors, 'f32');
  return [{ name: 'rope_freqs.weight', shape: [factors.length], type: 'f32', data: () => data }];
}

function describeGemma(config: HfConfig, { gguf, gemma }: Architecture): Entries {
  if (gemma !== 2) return [];
  return [
    [`${gguf}.attn_logit_softcapping`, float32(config.number('attn_logit_softcapping'))],
    [`${gguf}.final_logit_softcapping`, float32(config.number('final_logit_softcapping'))],
    [`${gguf}.attention.sliding_window`, uint32(config.integer('sliding_window'))],
  ];
}

/** Settings that change what the model computes and that llama.cpp's graph of the architecture does not follow. */
function checkUnsupported(config: HfConfig): void {
  const refuse = (field: string, advice: string) => {
    throw new HfModelError('config.json', `${field} is not supported: ${advice}`);
  };
  if (config.flag('use_sliding_window')) refuse('use_sliding_window', 'upload a .gguf file of the model instead');
  if (config.architecture === 'LlamaForCausalLM' && config.flag('attention_bias')) {
    refuse('attention_bias', 'upload a .gguf file of the model instead');
  }
  const activation = config.json.hidden_act ?? config.json.hidden_activation ?? 'silu';
  const known = config.architecture.startsWith('Gemma') ? ['gelu', 'gelu_pytorch_tanh'] : ['silu', 'swish'];
  if (!known.includes(String(activation))) refuse(`hidden_act ${String(activation)}`, `it must be ${known[0]}`);
}
