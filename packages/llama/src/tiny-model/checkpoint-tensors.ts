/** A tensor to draw: its values are normal around `mean`. */
export interface TensorSize {
  readonly name: string;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  readonly mean: number;
  readonly deviation: number;
}

type Config = Readonly<Record<string, unknown>>;

/** Names and shapes of a decoder's tensors as Hugging Face has them. */
export function decoderTensors(config: Config, className: string): TensorSize[] {
  const size = (field: string): number => Number(config[field]);
  const [width, inner, heads] = [size('hidden_size'), size('intermediate_size'), size('num_attention_heads')];
  const headSize = config.head_dim === undefined ? width / heads : size('head_dim');
  const [qWidth, kvWidth] = [heads * headSize, size('num_key_value_heads') * headSize];
  const isGemma = className.startsWith('Gemma');
  const hasHeadNorms = /^(Qwen3|Gemma3)/.test(className);
  const norm = (name: string, length = width): TensorSize =>
    vector(`${name}.weight`, length, isGemma ? 0 : 1, 0.2);
  const layer = (index: number): TensorSize[] => {
    const at = (name: string): string => `model.layers.${index}.${name}`;
    const attention =
      className === 'Phi3ForCausalLM'
        ? [matrix(at('self_attn.qkv_proj.weight'), qWidth + 2 * kvWidth, width)]
        : [
            matrix(at('self_attn.q_proj.weight'), qWidth, width),
            matrix(at('self_attn.k_proj.weight'), kvWidth, width),
            matrix(at('self_attn.v_proj.weight'), kvWidth, width),
          ];
    const biases =
      className === 'Qwen2ForCausalLM' || config.attention_bias === true
        ? [
            vector(at('self_attn.q_proj.bias'), qWidth, 0, 0.5),
            vector(at('self_attn.k_proj.bias'), kvWidth, 0, 0.5),
            vector(at('self_attn.v_proj.bias'), kvWidth, 0, 0.5),
          ]
        : [];
    const gated =
      className === 'Phi3ForCausalLM'
        ? [matrix(at('mlp.gate_up_proj.weight'), 2 * inner, width)]
        : [matrix(at('mlp.gate_proj.weight'), inner, width), matrix(at('mlp.up_proj.weight'), inner, width)];
    const sandwich = /^Gemma[23]/.test(className)
      ? [norm(at('pre_feedforward_layernorm')), norm(at('post_feedforward_layernorm'))]
      : [];
    const headNorms = hasHeadNorms
      ? [norm(at('self_attn.q_norm'), headSize), norm(at('self_attn.k_norm'), headSize)]
      : [];
    return [
      norm(at('input_layernorm')),
      ...attention,
      ...biases,
      ...headNorms,
      matrix(at('self_attn.o_proj.weight'), width, qWidth),
      norm(at('post_attention_layernorm')),
      ...sandwich,
      ...gated,
      matrix(at('mlp.down_proj.weight'), width, inner),
    ];
  };
  return [
    {
      name: 'model.embed_tokens.weight',
      shape: [size('vocab_size'), width],
      mean: 0,
      deviation: isGemma ? 0.3 : 1,
    },
    ...Array.from({ length: size('num_hidden_layers') }, (_, index) => layer(index)).flat(),
    norm('model.norm'),
    ...(config.tie_word_embeddings === true ? [] : [matrix('lm_head.weight', size('vocab_size'), width, 2)]),
  ];
}

/** Names and shapes of an encoder's tensors. */
export function encoderTensors(config: Config, className: string): TensorSize[] {
  return className === 'NomicBertModel' ? nomicTensors(config) : bertTensors(config, className);
}

function bertTensors(config: Config, className: string): TensorSize[] {
  const size = (field: string): number => Number(config[field]);
  const [width, inner] = [size('hidden_size'), size('intermediate_size')];
  // As checkpoints of a class with a head have it.
  const prefix = className.endsWith('Classification') ? 'bert.' : '';
  const layer = (index: number): TensorSize[] => {
    const at = (name: string): string => `${prefix}encoder.layer.${index}.${name}`;
    return [
      ...linear(at('attention.self.query'), width, width),
      ...linear(at('attention.self.key'), width, width),
      ...linear(at('attention.self.value'), width, width),
      ...linear(at('attention.output.dense'), width, width),
      ...layerNorm(at('attention.output.LayerNorm'), width),
      ...linear(at('intermediate.dense'), inner, width),
      ...linear(at('output.dense'), width, inner),
      ...layerNorm(at('output.LayerNorm'), width),
    ];
  };
  return [
    ...embeddings(`${prefix}embeddings`, config, width),
    matrix(`${prefix}embeddings.position_embeddings.weight`, size('max_position_embeddings'), width, 4),
    ...layerNorm(`${prefix}embeddings.LayerNorm`, width),
    ...Array.from({ length: size('num_hidden_layers') }, (_, index) => layer(index)).flat(),
    ...linear(`${prefix}pooler.dense`, width, width),
    ...(prefix === '' ? [] : linear('classifier', 1, width)),
  ];
}

function nomicTensors(config: Config): TensorSize[] {
  const [width, inner] = [Number(config.n_embd), Number(config.n_inner)];
  const layer = (index: number): TensorSize[] => {
    const at = (name: string): string => `encoder.layers.${index}.${name}`;
    return [
      matrix(at('attn.Wqkv.weight'), 3 * width, width),
      matrix(at('attn.out_proj.weight'), width, width),
      ...layerNorm(at('norm1'), width),
      matrix(at('mlp.fc11.weight'), inner, width),
      matrix(at('mlp.fc12.weight'), inner, width),
      matrix(at('mlp.fc2.weight'), width, inner),
      ...layerNorm(at('norm2'), width),
    ];
  };
  return [
    ...embeddings('embeddings', config, width),
    ...layerNorm('emb_ln', width),
    ...Array.from({ length: Number(config.n_layer) }, (_, index) => layer(index)).flat(),
  ];
}

function embeddings(at: string, config: Config, width: number): TensorSize[] {
  return [
    matrix(`${at}.word_embeddings.weight`, Number(config.vocab_size), width, 8),
    matrix(`${at}.token_type_embeddings.weight`, Number(config.type_vocab_size), width, 4),
  ];
}

function linear(name: string, rows: number, columns: number): TensorSize[] {
  return [matrix(`${name}.weight`, rows, columns), vector(`${name}.bias`, rows, 0, 0.3)];
}

function layerNorm(name: string, width: number): TensorSize[] {
  return [vector(`${name}.weight`, width, 1, 0.2), vector(`${name}.bias`, width, 0, 0.2)];
}

function matrix(name: string, rows: number, columns: number, scale = 1): TensorSize {
  return { name, shape: [rows, columns], mean: 0, deviation: scale * columns ** -0.5 };
}

function vector(name: string, length: number, mean: number, deviation: number): TensorSize {
  return { name, shape: [length], mean, deviation };
}
