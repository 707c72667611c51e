import { float32, type GgufValue, uint32 } from '../../gguf/value.ts';
import { ConvertError } from '../convert-error.ts';
import type { JsonObject } from '../json-object.ts';

/** What distinguishes one family of decoders from another. */
export interface DecoderFamily {
  /** llama.cpp's name. */
  readonly architecture: string;
  /** Hugging Face's names of the activation it computes. */
  readonly activations: readonly string[];
  /** Module names of a layer's matrices. */
  readonly linears: readonly string[];
  /** Norms of a layer: module name -> GGUF name. */
  readonly norms: Readonly<Record<string, string>>;
  /** Gemma stores norms as the difference from one. */
  readonly normPlusOne: boolean;
  readonly tiesByDefault: boolean;
  /** Whether llama.cpp computes this family's sliding windows. */
  readonly computesWindow: boolean;
  readonly defaultContext?: number;
  /** Further metadata. */
  describe?(config: JsonObject, shape: { readonly layers: number; readonly headSize: number }): Metadata;
}

type Metadata = readonly (readonly [string, GgufValue])[];

const ATTENTION = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj'];
const GATED = ['mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj'];
const SILU = ['silu', 'swish'];
const GELU_TANH = ['gelu_pytorch_tanh', 'gelu'];
const PRE_NORMS = { input_layernorm: 'attn_norm', post_attention_layernorm: 'ffn_norm' };
const HEAD_NORMS = { 'self_attn.q_norm': 'attn_q_norm', 'self_attn.k_norm': 'attn_k_norm' };
const SANDWICH_NORMS = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'post_attention_norm',
  pre_feedforward_layernorm: 'ffn_norm',
  post_feedforward_layernorm: 'post_ffw_norm',
};

const llama: DecoderFamily = {
  architecture: 'llama',
  activations: SILU,
  linears: [...ATTENTION, ...GATED],
  norms: PRE_NORMS,
  normPlusOne: false,
  tiesByDefault: false,
  computesWindow: false,
  describe: (config) => [['llama.vocab_size', uint32(config.number('vocab_size'))]],
};

const qwen2: DecoderFamily = {
  architecture: 'qwen2',
  activations: SILU,
  linears: [...ATTENTION, ...GATED],
  norms: PRE_NORMS,
  normPlusOne: false,
  tiesByDefault: false,
  computesWindow: false,
};

const qwen3: DecoderFamily = { ...qwen2, architecture: 'qwen3', norms: { ...PRE_NORMS, ...HEAD_NORMS } };

const gemma: DecoderFamily = {
  architecture: 'gemma',
  activations: GELU_TANH,
  linears: [...ATTENTION, ...GATED],
  norms: PRE_NORMS,
  normPlusOne: true,
  tiesByDefault: true,
  computesWindow: true,
};

const gemma2: DecoderFamily = {
  ...gemma,
  architecture: 'gemma2',
  norms: SANDWICH_NORMS,
  describe(config, { layers, headSize }) {
    checkAttentionScale(config, layers === 46, headSize);
    return [
      ['gemma2.attn_logit_softcapping', float32(config.optionalNumber('attn_logit_softcapping') ?? 0)],
      ['gemma2.final_logit_softcapping', float32(config.optionalNumber('final_logit_softcapping') ?? 0)],
      ['gemma2.attention.sliding_window', uint32(config.optionalNumber('sliding_window') ?? 4096)],
    ];
  },
};

const gemma3: DecoderFamily = {
  ...gemma,
  architecture: 'gemma3',
  norms: { ...SANDWICH_NORMS, ...HEAD_NORMS },
  defaultContext: 131_072,
  describe(config, { layers, headSize }) {
    checkAttentionScale(config, layers === 62, headSize);
    if (config.optionalNumber('attn_logit_softcapping') !== undefined) {
      throw new ConvertError('config.json: attn_logit_softcapping is not computed for gemma3');
    }
    const local = config.optionalObject('rope_parameters')?.optionalObject('sliding_attention');
    const localBase =
      local?.optionalNumber('rope_theta') ?? config.optionalNumber('rope_local_base_freq') ?? 10_000;
    const pattern = readWindowPattern(config, layers);
    return [
      // With every layer global there is no window to speak of.
      ['gemma3.attention.sliding_window', uint32(pattern === 1 ? 0 : config.number('sliding_window'))],
      ['gemma3.attention.sliding_window_pattern', uint32(pattern)],
      ['gemma3.rope.freq_base_swa', float32(localBase)],
      ['gemma3.final_logit_softcapping', float32(config.optionalNumber('final_logit_softcapping') ?? 0)],
    ];
  },
};

const phi3: DecoderFamily = {
  architecture: 'phi3',
  activations: SILU,
  linears: ['self_attn.qkv_proj', 'self_attn.o_proj', 'mlp.gate_up_proj', 'mlp.down_proj'],
  norms: PRE_NORMS,
  normPlusOne: false,
  tiesByDefault: false,
  computesWindow: false,
  describe: () => [['phi3.attention.sliding_window', uint32(0)]],
};

/** Families by Hugging Face's name of the model class. */
export const DECODER_FAMILIES: Readonly<Record<string, DecoderFamily>> = {
  LlamaForCausalLM: llama,
  LlamaModel: llama,
  MistralForCausalLM: llama,
  MistralModel: llama,
  Qwen2ForCausalLM: qwen2,
  Qwen2Model: qwen2,
  Qwen3ForCausalLM: qwen3,
  Qwen3Model: qwen3,
  GemmaForCausalLM: gemma,
  Gemma2ForCausalLM: gemma2,
  Gemma3ForCausalLM: gemma3,
  Phi3ForCausalLM: phi3,
};

/** llama.cpp scales by the head's size, but in the 27B models by the model's. */
function checkAttentionScale(config: JsonObject, is27B: boolean, headSize: number): void {
  const scalar = config.optionalNumber('query_pre_attn_scalar') ?? headSize;
  const expected = is27B ? config.number('hidden_size') / config.number('num_attention_heads') : headSize;
  if (scalar === expected) return;
  throw new ConvertError(`config.json: query_pre_attn_scalar is ${scalar}, llama.cpp computes ${expected}`);
}

/** Every how many layers one attends to everything. */
function readWindowPattern(config: JsonObject, layers: number): number {
  const types = config.optionalArray('layer_types');
  if (types === undefined) {
    return (
      config.optionalNumber('sliding_window_pattern') ?? config.optionalNumber('_sliding_window_pattern') ?? 6
    );
  }
  const first = types.indexOf('full_attention');
  const pattern = first < 0 ? layers + 1 : first + 1;
  const regular = types.every((type, layer) => (type === 'full_attention') === ((layer + 1) % pattern === 0));
  if (!regular)
    throw new ConvertError('config.json: layer_types does not repeat, which llama.cpp cannot compute');
  return pattern;
}
