import {
  addRows,
  applyLinear,
  attend,
  geluTanh,
  lookUp,
  type Rows,
  rmsNorm,
  ropeFrequencies,
  rotate,
  silu,
  type Weights,
} from './reference-math.ts';

type Config = Readonly<Record<string, unknown>>;

/**
 * Logits of each token, computed from the Hugging Face weights as transformers does, in double precision.
 * Written from the published model definitions, with no knowledge of GGUF: what the converter is measured
 * against.
 */
export function computeReferenceLogits(
  weights: Weights,
  config: Config,
  tokens: readonly number[],
): Float64Array[] {
  const model = readModel(config);
  const norm = (row: Float64Array, name: string): Float64Array =>
    rmsNorm(row, weights.get(`${name}.weight`)!.values, model.epsilon, model.isGemma ? 1 : 0);
  let hidden = lookUp(weights, 'model.embed_tokens.weight', tokens);
  if (model.isGemma) hidden = hidden.map((row) => row.map((value) => value * Math.sqrt(row.length)));
  for (let layer = 0; layer < model.layers; layer++) {
    const at = `model.layers.${layer}`;
    let attention = computeAttention(
      hidden.map((row) => norm(row, `${at}.input_layernorm`)),
      weights,
      model,
      layer,
    );
    if (model.isSandwich) attention = attention.map((row) => norm(row, `${at}.post_attention_layernorm`));
    hidden = addRows(hidden, attention);
    const before = model.isSandwich ? 'pre_feedforward_layernorm' : 'post_attention_layernorm';
    let inner = computeFeedForward(
      hidden.map((row) => norm(row, `${at}.${before}`)),
      weights,
      model,
      `${at}.mlp`,
    );
    if (model.isSandwich) inner = inner.map((row) => norm(row, `${at}.post_feedforward_layernorm`));
    hidden = addRows(hidden, inner);
  }
  const head = config.tie_word_embeddings === true ? 'model.embed_tokens' : 'lm_head';
  const logits = applyLinear(
    hidden.map((row) => norm(row, 'model.norm')),
    weights,
    head,
  );
  const cap = model.finalCap;
  return cap === undefined ? logits : logits.map((row) => row.map((value) => cap * Math.tanh(value / cap)));
}

interface Model {
  readonly className: string;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly epsilon: number;
  readonly isGemma: boolean;
  readonly isSandwich: boolean;
  readonly finalCap: number | undefined;
  readonly config: Config;
}

function readModel(config: Config): Model {
  const [className = ''] = config.architectures as string[];
  const heads = Number(config.num_attention_heads);
  return {
    className,
    layers: Number(config.num_hidden_layers),
    heads,
    kvHeads: Number(config.num_key_value_heads),
    headSize: Number(config.head_dim ?? Number(config.hidden_size) / heads),
    epsilon: Number(config.rms_norm_eps),
    isGemma: className.startsWith('Gemma'),
    isSandwich: /^Gemma[23]/.test(className),
    finalCap: config.final_logit_softcapping as number | undefined,
    config,
  };
}

function computeAttention(input: Rows, weights: Weights, model: Model, layer: number): Float64Array[] {
  const { heads, kvHeads, headSize, config } = model;
  const at = `model.layers.${layer}.self_attn`;
  const [q, k, v] = projectHeads(input, weights, model, at);
  const isLocal = deriveLocal(model, layer);
  const theta = Number(isLocal ? (config.rope_local_base_freq ?? config.rope_theta) : config.rope_theta);
  const frequencies = scaleFrequencies(ropeFrequencies(theta, headSize), isLocal ? {} : config);
  const attended = attend(
    rotate(normHeads(q, weights, model, `${at}.q_norm`), heads, headSize, frequencies),
    rotate(normHeads(k, weights, model, `${at}.k_norm`), kvHeads, headSize, frequencies),
    v,
    {
      heads,
      kvHeads,
      headSize,
      causal: true,
      window: isLocal ? Number(config.sliding_window) : Infinity,
      scale:
        config.query_pre_attn_scalar === undefined
          ? headSize ** -0.5
          : Number(config.query_pre_attn_scalar) ** -0.5,
      ...(config.attn_logit_softcapping === undefined
        ? {}
        : { softcap: Number(config.attn_logit_softcapping) }),
    },
  );
  return applyLinear(attended, weights, `${at}.o_proj`);
}

function projectHeads(input: Rows, weights: Weights, model: Model, at: string): [Rows, Rows, Rows] {
  if (model.className !== 'Phi3ForCausalLM') {
    const project = (name: string): Rows => applyLinear(input, weights, `${at}.${name}`);
    return [project('q_proj'), project('k_proj'), project('v_proj')];
  }
  const fused = applyLinear(input, weights, `${at}.qkv_proj`);
  const [qWidth, kvWidth] = [model.heads * model.headSize, model.kvHeads * model.headSize];
  const cut = (from: number, to: number): Rows => fused.map((row) => row.slice(from, to));
  return [cut(0, qWidth), cut(qWidth, qWidth + kvWidth), cut(qWidth + kvWidth, qWidth + 2 * kvWidth)];
}

/** Gemma 2 alternates, Gemma 3 has one global layer in a row of `sliding_window_pattern`. */
function deriveLocal({ className, config }: Model, layer: number): boolean {
  if (className === 'Gemma2ForCausalLM') return layer % 2 === 0;
  if (className === 'Gemma3ForCausalLM') return (layer + 1) % Number(config.sliding_window_pattern) !== 0;
  return false;
}

function normHeads(rows: Rows, weights: Weights, model: Model, name: string): Rows {
  const weight = weights.get(`${name}.weight`);
  if (weight === undefined) return rows;
  return rows.map((row) => {
    const normed = Float64Array.from(row);
    for (let at = 0; at < row.length; at += model.headSize) {
      const head = row.slice(at, at + model.headSize);
      normed.set(rmsNorm(head, weight.values, model.epsilon, model.isGemma ? 1 : 0), at);
    }
    return normed;
  });
}

function scaleFrequencies(frequencies: readonly number[], config: Config): number[] {
  const scaling = config.rope_scaling as Config | undefined;
  if (scaling === undefined) return [...frequencies];
  const factor = Number(scaling.factor);
  if (scaling.rope_type === 'linear') return frequencies.map((frequency) => frequency / factor);
  const [low, high] = [Number(scaling.low_freq_factor), Number(scaling.high_freq_factor)];
  const original = Number(scaling.original_max_position_embeddings);
  return frequencies.map((frequency) => {
    const turns = (original * frequency) / (2 * Math.PI);
    if (turns < low) return frequency / factor;
    if (turns > high) return frequency;
    const smooth = (turns - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

function computeFeedForward(input: Rows, weights: Weights, model: Model, at: string): Float64Array[] {
  const activate = model.isGemma ? geluTanh : silu;
  const [gate, up] = projectGate(input, weights, model, at);
  const inner = gate.map((row, index) => row.map((value, column) => activate(value) * up[index]![column]!));
  return applyLinear(inner, weights, `${at}.down_proj`);
}

function projectGate(input: Rows, weights: Weights, model: Model, at: string): [Rows, Rows] {
  if (model.className !== 'Phi3ForCausalLM') {
    return [applyLinear(input, weights, `${at}.gate_proj`), applyLinear(input, weights, `${at}.up_proj`)];
  }
  const fused = applyLinear(input, weights, `${at}.gate_up_proj`);
  const half = fused[0]!.length / 2;
  return [fused.map((row) => row.slice(0, half)), fused.map((row) => row.slice(half))];
}
