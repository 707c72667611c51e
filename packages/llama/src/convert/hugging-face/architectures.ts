import { type HfConfig, parseHfConfig } from './hf-config.ts';
import { HfModelError } from './hf-error.ts';

/** How one tensor of a Hugging Face model becomes one of GGUF. Sizes are rows and columns as PyTorch has them. */
export interface TensorRule {
  /** Name in the checkpoint; with `{expert}` when each expert has its own. */
  readonly source: string;
  readonly target: string;
  readonly shape: readonly number[];
  /** Heads whose rows are brought from halves into pairs (llama's q and k). */
  readonly pairHeads?: number;
  /** Added to every value: Gemma stores norms less one. */
  readonly plus?: number;
  /** Number of experts whose matrices are stacked. */
  readonly experts?: number;
  /** Stored with full precision whatever the checkpoint has. */
  readonly isFloat32?: boolean;
}

/** A Hugging Face architecture as llama.cpp knows it. */
export interface Architecture {
  /** Value of general.architecture. */
  readonly gguf: string;
  readonly pairsHeads: boolean;
  readonly attentionBias: boolean;
  readonly headNorms: boolean;
  /** Gemma's: one more than stored, tied embeddings, norms after the blocks (version 2). */
  readonly gemma: 0 | 1 | 2;
  readonly experts: boolean;
}

const llama: Architecture = {
  gguf: 'llama',
  pairsHeads: true,
  attentionBias: false,
  headNorms: false,
  gemma: 0,
  experts: false,
};
const plain = { ...llama, pairsHeads: false };

/** Architectures whose names, row orders and settings are known here. */
export const HF_ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  LlamaForCausalLM: llama,
  MistralForCausalLM: llama,
  MixtralForCausalLM: { ...llama, experts: true },
  Qwen2ForCausalLM: { ...plain, gguf: 'qwen2', attentionBias: true },
  Qwen3ForCausalLM: { ...plain, gguf: 'qwen3', headNorms: true },
  GemmaForCausalLM: { ...plain, gguf: 'gemma', gemma: 1 },
  Gemma2ForCausalLM: { ...plain, gguf: 'gemma2', gemma: 2 },
};

/** Finds the architecture of a config. Throws HfModelError naming those that are known. */
export function findArchitecture(config: HfConfig): Architecture {
  const found = Object.hasOwn(HF_ARCHITECTURES, config.architecture)
    ? HF_ARCHITECTURES[config.architecture]
    : undefined;
  if (found) return found;
  const known = Object.keys(HF_ARCHITECTURES).join(', ');
  throw new HfModelError(
    'config.json',
    `the architecture ${config.architecture.slice(0, 80)} can't be converted here (${known} can); upload a .gguf file of the model instead`,
  );
}

/** Sizes that the tensors follow from. */
export interface ModelSizes {
  readonly layers: number;
  readonly hidden: number;
  readonly feedForward: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly vocabulary: number;
  /** 0: none. */
  readonly experts: number;
}

export function readSizes(config: HfConfig, { experts }: Architecture): ModelSizes {
  const hidden = config.integer('hidden_size');
  const heads = config.integer('num_attention_heads');
  const headSize = config.optionalInteger('head_dim', 2) ?? hidden / heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    const message = `hidden_size ${hidden} does not divide into ${heads} attention heads of even size`;
    throw new HfModelError('config.json', message);
  }
  const kvHeads = config.optionalInteger('num_key_value_heads') ?? heads;
  if (heads % kvHeads !== 0) {
    const message = `${heads} attention heads do not divide into ${kvHeads} groups (num_key_value_heads)`;
    throw new HfModelError('config.json', message);
  }
  const layers = config.integer('num_hidden_layers');
  if (layers > 512) throw new HfModelError('config.json', `num_hidden_layers is ${layers}, at most 512 are served`);
  return {
    layers,
    hidden,
    feedForward: config.integer('intermediate_size'),
    heads,
    kvHeads,
    headSize,
    vocabulary: config.integer('vocab_size'),
    experts: experts ? config.integer('num_local_experts') : 0,
  };
}

/** All tensors of a model, in the order they are written. */
export function listTensorRules(architecture: Architecture, sizes: ModelSizes, isTied: boolean): TensorRule[] {
  const { hidden, vocabulary } = sizes;
  const isOneMore = architecture.gemma > 0 ? { plus: 1 } : {};
  const head: TensorRule = { source: 'lm_head.weight', target: 'output.weight', shape: [vocabulary, hidden] };
  return [
    { source: 'model.embed_tokens.weight', target: 'token_embd.weight', shape: [vocabulary, hidden] },
    { source: 'model.norm.weight', target: 'output_norm.weight', shape: [hidden], ...isOneMore },
    ...(isTied || architecture.gemma > 0 ? [] : [head]),
    ...Array.from({ length: sizes.layers }, (_, layer) => listLayer(architecture, sizes, layer)).flat(),
  ];
}

function listLayer(architecture: Architecture, sizes: ModelSizes, layer: number): TensorRule[] {
  const { hidden, heads, kvHeads, headSize } = sizes;
  const rule = (source: string, target: string, shape: readonly number[], more: Partial<TensorRule> = {}) => ({
    source: `model.layers.${layer}.${source}`,
    target: `blk.${layer}.${target}`,
    shape,
    ...more,
  });
  const isOneMore = architecture.gemma > 0 ? { plus: 1 } : {};
  const norm = (source: string, target: string) => rule(`${source}.weight`, `${target}.weight`, [hidden], isOneMore);
  const queries = architecture.pairsHeads ? { pairHeads: heads } : {};
  const keys = architecture.pairsHeads ? { pairHeads: kvHeads } : {};
  const bias = (name: string, target: string, size: number) =>
    rule(`self_attn.${name}.bias`, `${target}.bias`, [size]);
  return [
    norm('input_layernorm', 'attn_norm'),
    rule('self_attn.q_proj.weight', 'attn_q.weight', [heads * headSize, hidden], queries),
    rule('self_attn.k_proj.weight', 'attn_k.weight', [kvHeads * headSize, hidden], keys),
    rule('self_attn.v_proj.weight', 'attn_v.weight', [kvHeads * headSize, hidden]),
    rule('self_attn.o_proj.weight', 'attn_output.weight', [hidden, heads * headSize]),
    ...(architecture.attentionBias
      ? [
          bias('q_proj', 'attn_q', heads * headSize),
          bias('k_proj', 'attn_k', kvHeads * headSize),
          bias('v_proj', 'attn_v', kvHeads * headSize),
        ]
      : []),
    ...(architecture.headNorms
      ? [
          rule('self_attn.q_norm.weight', 'attn_q_norm.weight', [headSize]),
          rule('self_attn.k_norm.weight', 'attn_k_norm.weight', [headSize]),
        ]
      : []),
    ...listLayerNorms(architecture, norm),
    ...listFeedForward(architecture, sizes, rule),
  ];
}

type MakeRule = (source: string, target: string, shape: readonly number[], more?: Partial<TensorRule>) => TensorRule;

function listLayerNorms(
  { gemma }: Architecture,
  norm: (source: string, target: string) => TensorRule,
): TensorRule[] {
  if (gemma !== 2) return [norm('post_attention_layernorm', 'ffn_norm')];
  return [
    norm('post_attention_layernorm', 'post_attention_norm'),
    norm('pre_feedforward_layernorm', 'ffn_norm'),
    norm('post_feedforward_layernorm', 'post_ffw_norm'),
  ];
}

function listFeedForward(architecture: Architecture, sizes: ModelSizes, rule: MakeRule): TensorRule[] {
  const { hidden, feedForward, experts } = sizes;
  if (!architecture.experts) {
    return [
      rule('mlp.gate_proj.weight', 'ffn_gate.weight', [feedForward, hidden]),
      rule('mlp.up_proj.weight', 'ffn_up.weight', [feedForward, hidden]),
      rule('mlp.down_proj.weight', 'ffn_down.weight', [hidden, feedForward]),
    ];
  }
  const expert = (name: string) => `block_sparse_moe.experts.{expert}.${name}.weight`;
  return [
    rule('block_sparse_moe.gate.weight', 'ffn_gate_inp.weight', [experts, hidden], { isFloat32: true }),
    rule(expert('w1'), 'ffn_gate_exps.weight', [feedForward, hidden], { experts }),
    rule(expert('w2'), 'ffn_down_exps.weight', [hidden, feedForward], { experts }),
    rule(expert('w3'), 'ffn_up_exps.weight', [feedForward, hidden], { experts }),
  ];
}

/** Checks a config.json by itself, as text. Throws HfModelError. */
export function checkConfig(json: Parameters<typeof parseHfConfig>[0]): void {
  const config = parseHfConfig(json);
  readSizes(config, findArchitecture(config));
}
