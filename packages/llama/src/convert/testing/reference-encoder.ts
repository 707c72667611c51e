import {
  addRows,
  applyLinear,
  attend,
  geluTanh,
  layerNorm,
  lookUp,
  type Rows,
  ropeFrequencies,
  rotate,
  silu,
  type Weights,
} from './reference-math.ts';

type Config = Readonly<Record<string, unknown>>;

/** Hidden states of each token of an encoder, computed from the Hugging Face weights in double precision. */
export function computeReferenceStates(
  weights: Weights,
  config: Config,
  tokens: readonly number[],
): Float64Array[] {
  const [className = ''] = config.architectures as string[];
  return className === 'NomicBertModel'
    ? computeNomic(weights, config, tokens)
    : computeBert(weights, config, tokens, className);
}

/** The mean over the tokens. */
export function poolMean(states: Rows): Float64Array {
  const mean = new Float64Array(states[0]!.length);
  for (const row of states) for (const [index, value] of row.entries()) mean[index]! += value / states.length;
  return mean;
}

function computeBert(
  weights: Weights,
  config: Config,
  tokens: readonly number[],
  className: string,
): Float64Array[] {
  const prefix = className.endsWith('Classification') ? 'bert.' : '';
  const epsilon = Number(config.layer_norm_eps);
  const heads = Number(config.num_attention_heads);
  const headSize = Number(config.hidden_size) / heads;
  // RoBERTa counts positions from behind the padding token's number.
  const first = className.startsWith('Roberta') ? Number(config.pad_token_id) + 1 : 0;
  const positions = tokens.map((_, index) => index + first);
  const table = (name: string, ids: readonly number[]): Rows =>
    lookUp(weights, `${prefix}embeddings.${name}.weight`, ids);
  const sum = addRows(
    addRows(table('word_embeddings', tokens), table('position_embeddings', positions)),
    table(
      'token_type_embeddings',
      tokens.map(() => 0),
    ),
  );
  let hidden = sum.map((row) => layerNorm(row, weights, `${prefix}embeddings.LayerNorm`, epsilon));
  for (let layer = 0; layer < Number(config.num_hidden_layers); layer++) {
    const at = `${prefix}encoder.layer.${layer}`;
    const project = (name: string): Rows => applyLinear(hidden, weights, `${at}.attention.self.${name}`);
    const options = { heads, kvHeads: heads, headSize, causal: false };
    const attended = attend(project('query'), project('key'), project('value'), options);
    const output = addRows(applyLinear(attended, weights, `${at}.attention.output.dense`), hidden);
    const middle = output.map((row) => layerNorm(row, weights, `${at}.attention.output.LayerNorm`, epsilon));
    const inner = applyLinear(middle, weights, `${at}.intermediate.dense`).map((row) => row.map(geluTanh));
    const outer = addRows(applyLinear(inner, weights, `${at}.output.dense`), middle);
    hidden = outer.map((row) => layerNorm(row, weights, `${at}.output.LayerNorm`, epsilon));
  }
  return hidden;
}

function computeNomic(weights: Weights, config: Config, tokens: readonly number[]): Float64Array[] {
  const epsilon = Number(config.layer_norm_epsilon);
  const heads = Number(config.n_head);
  const width = Number(config.n_embd);
  const headSize = width / heads;
  const frequencies = ropeFrequencies(Number(config.rotary_emb_base), headSize);
  const sum = addRows(
    lookUp(weights, 'embeddings.word_embeddings.weight', tokens),
    lookUp(
      weights,
      'embeddings.token_type_embeddings.weight',
      tokens.map(() => 0),
    ),
  );
  let hidden = sum.map((row) => layerNorm(row, weights, 'emb_ln', epsilon));
  for (let layer = 0; layer < Number(config.n_layer); layer++) {
    const at = `encoder.layers.${layer}`;
    const fused = applyLinear(hidden, weights, `${at}.attn.Wqkv`);
    const part = (index: number): Rows => fused.map((row) => row.slice(index * width, (index + 1) * width));
    const [q, k, v] = [part(0), part(1), part(2)] as const;
    const attended = attend(
      rotate(q, heads, headSize, frequencies),
      rotate(k, heads, headSize, frequencies),
      v,
      {
        heads,
        kvHeads: heads,
        headSize,
        causal: false,
      },
    );
    const output = addRows(applyLinear(attended, weights, `${at}.attn.out_proj`), hidden);
    const middle = output.map((row) => layerNorm(row, weights, `${at}.norm1`, epsilon));
    const up = applyLinear(middle, weights, `${at}.mlp.fc11`);
    const gate = applyLinear(middle, weights, `${at}.mlp.fc12`);
    const inner = up.map((row, index) => row.map((value, column) => value * silu(gate[index]![column]!)));
    const outer = addRows(applyLinear(inner, weights, `${at}.mlp.fc2`), middle);
    hidden = outer.map((row) => layerNorm(row, weights, `${at}.norm2`, epsilon));
  }
  return hidden;
}
