/** Names of a layer's matrices in GGUF, by their module name in Hugging Face models. */
export const LAYER_LINEARS: Readonly<Record<string, string>> = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  // Phi-3 keeps them together.
  'self_attn.qkv_proj': 'attn_qkv',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
  'mlp.gate_up_proj': 'ffn_up',
  // Which experts answer, in Mixtral and in the Qwen models.
  'block_sparse_moe.gate': 'ffn_gate_inp',
  'mlp.gate': 'ffn_gate_inp',
};

/** One expert's matrices; in GGUF all experts of a layer lie in one tensor. */
export const EXPERT_LINEARS: Readonly<Record<string, string>> = {
  w1: 'ffn_gate_exps',
  w2: 'ffn_down_exps',
  w3: 'ffn_up_exps',
  gate_proj: 'ffn_gate_exps',
  down_proj: 'ffn_down_exps',
  up_proj: 'ffn_up_exps',
};

/** Where a layer's matrix of a Hugging Face model lies in GGUF. */
export interface LinearPlace {
  /** Without `.weight`. */
  readonly tensor: string;
  /** Its slice when the tensor holds all experts. */
  readonly expert: number | null;
}

const MODULE = /^model\.layers\.(\d+)\.(.+)$/;
const EXPERT = /^(?:block_sparse_moe|mlp)\.experts\.(\d+)\.(\w+)$/;

/**
 * Finds the place of a module such as `model.layers.3.self_attn.q_proj`, or null when GGUF has none for it.
 */
export function findLinearPlace(module: string): LinearPlace | null {
  const [, layer, part] = MODULE.exec(module) ?? [];
  if (layer === undefined || part === undefined) return null;
  const [, expert, matrix] = EXPERT.exec(part) ?? [];
  const name = expert === undefined ? LAYER_LINEARS[part] : EXPERT_LINEARS[matrix ?? ''];
  if (name === undefined) return null;
  return { tensor: `blk.${Number(layer)}.${name}`, expert: expert === undefined ? null : Number(expert) };
}
