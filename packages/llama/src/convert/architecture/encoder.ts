import { bool, float32, type GgufValue, uint32 } from '../../gguf/value.ts';
import { ConvertError } from '../convert-error.ts';
import type { JsonObject } from '../json-object.ts';
import type { ArchitecturePlan, TensorPlace } from './plan.ts';

/** Hugging Face classes of encoders that make vectors, and of rerankers on them. */
export const ENCODERS: ReadonlySet<string> = new Set([
  'BertModel',
  'BertForMaskedLM',
  'BertForSequenceClassification',
  'RobertaModel',
  'RobertaForSequenceClassification',
  'XLMRobertaModel',
  'XLMRobertaForSequenceClassification',
  'NomicBertModel',
]);

const BERT_PARTS: Readonly<Record<string, string>> = {
  'attention.self.query': 'attn_q',
  'attention.self.key': 'attn_k',
  'attention.self.value': 'attn_v',
  'attention.output.dense': 'attn_output',
  'attention.output.LayerNorm': 'attn_output_norm',
  'intermediate.dense': 'ffn_up',
  'output.dense': 'ffn_down',
  'output.LayerNorm': 'layer_output_norm',
};

const NOMIC_PARTS: Readonly<Record<string, string>> = {
  'attn.Wqkv': 'attn_qkv',
  'attn.out_proj': 'attn_output',
  norm1: 'attn_output_norm',
  'mlp.fc11': 'ffn_up',
  'mlp.fc12': 'ffn_gate',
  'mlp.fc2': 'ffn_down',
  norm2: 'layer_output_norm',
};

const EMBEDDINGS: Readonly<Record<string, string>> = {
  'embeddings.word_embeddings': 'token_embd',
  'embeddings.token_type_embeddings': 'token_types',
  'embeddings.LayerNorm': 'token_embd_norm',
  emb_ln: 'token_embd_norm',
};

/** Heads of rerankers: BERT's single layer, RoBERTa's two. */
const CLASSIFIER: Readonly<Record<string, string>> = {
  'classifier.dense': 'cls',
  'classifier.out_proj': 'cls.output',
  classifier: 'cls.output',
};

const RANK_POOLING = 4;

/** Plans an encoder of the BERT kind: attention in both directions, normalized after each part. */
export function planEncoder(config: JsonObject, className: string): ArchitecturePlan {
  return className === 'NomicBertModel' ? planNomic(config) : planBert(config, className);
}

function planBert(config: JsonObject, className: string): ArchitecturePlan {
  const isRoberta = /Roberta/.test(className);
  const isReranker = className.endsWith('ForSequenceClassification');
  // RoBERTa's positions begin behind its padding token's number.
  const skipped = isRoberta ? (config.optionalNumber('pad_token_id') ?? 1) + 1 : 0;
  requireText(config, 'hidden_act', ['gelu', 'gelu_new'], 'gelu');
  requireText(config, 'position_embedding_type', ['absolute'], 'absolute');
  if (isReranker) checkSingleLabel(config);
  const layers = config.number('num_hidden_layers');
  const isUsed = (name: string): boolean => !/^(pooler|cls\.|lm_head)|position_ids$/.test(name);
  return {
    architecture: 'bert',
    tokenTypes: config.optionalNumber('type_vocab_size') ?? 1,
    metadata: [
      ...describeEncoder('bert', {
        layers,
        width: config.number('hidden_size'),
        inner: config.number('intermediate_size'),
        heads: config.number('num_attention_heads'),
        context: config.number('max_position_embeddings') - skipped,
        epsilon: config.optionalNumber('layer_norm_eps') ?? 1e-12,
      }),
      ...(isReranker ? [['bert.pooling_type', uint32(RANK_POOLING)] as const] : []),
    ],
    place(fullName) {
      const name = cleanName(fullName);
      if (name === 'embeddings.position_embeddings.weight') {
        const place = { name: 'position_embd.weight' };
        return skipped > 0 ? { ...place, change: { kind: 'skip-rows', rows: skipped } } : place;
      }
      // BERT's own pooler comes before its classifier; RoBERTa's classifier has one inside.
      if (isReranker && name.startsWith('pooler.dense.'))
        return { name: name.replace('pooler.dense', 'cls') };
      return isUsed(name) ? placeByParts(name, BERT_PARTS, layers, isReranker) : null;
    },
    required: listRequired(layers, [...Object.values(BERT_PARTS)], ['position_embd.weight']),
    extra: [],
  };
}

function planNomic(config: JsonObject): ArchitecturePlan {
  requireText(config, 'activation_function', ['swiglu'], 'swiglu');
  for (const [field, expected] of [
    ['qkv_proj_bias', false],
    ['mlp_fc1_bias', false],
    ['mlp_fc2_bias', false],
    ['prenorm', false],
    ['rotary_emb_interleaved', false],
  ] as const) {
    if ((config.optionalFlag(field) ?? expected) !== expected) {
      throw new ConvertError(`config.json: ${field} must be ${expected} for a NomicBertModel`);
    }
  }
  if (config.optionalNumber('moe_every_n_layers'))
    throw new ConvertError('a NomicBertModel with experts is not supported');
  const layers = config.firstNumber('n_layer', 'num_hidden_layers');
  return {
    architecture: 'nomic-bert',
    tokenTypes: config.optionalNumber('type_vocab_size') ?? 1,
    metadata: [
      ...describeEncoder('nomic-bert', {
        layers,
        width: config.firstNumber('n_embd', 'hidden_size'),
        inner: config.firstNumber('n_inner', 'intermediate_size'),
        heads: config.firstNumber('n_head', 'num_attention_heads'),
        // The configuration names what scaling reaches; without it the model knows what it was trained for.
        context: config.optionalNumber('max_trained_positions') ?? 2048,
        epsilon: config.firstNumber('layer_norm_epsilon', 'layer_norm_eps'),
      }),
      ['nomic-bert.rope.freq_base', float32(config.firstNumber('rotary_emb_base', 'rope_theta'))],
    ],
    place(fullName) {
      const name = cleanName(fullName).replace(/^encoder\.layers\./, 'encoder.layer.');
      return /^(cls|pooler)\./.test(name) ? null : placeByParts(name, NOMIC_PARTS, layers, false);
    },
    required: listRequired(layers, Object.values(NOMIC_PARTS), []),
    extra: [],
  };
}

/** Checkpoints wrap the model in its class's prefix, old ones say gamma and beta. */
function cleanName(name: string): string {
  return name
    .replace(/^(bert|roberta|model)\./, '')
    .replace(/\.gamma$/, '.weight')
    .replace(/\.beta$/, '.bias');
}

function placeByParts(
  name: string,
  parts: Readonly<Record<string, string>>,
  layers: number,
  isReranker: boolean,
): TensorPlace | undefined {
  const [, module, kind] = /^(.+)\.(weight|bias)$/.exec(name) ?? [];
  if (module === undefined) return undefined;
  const whole = EMBEDDINGS[module] ?? (isReranker ? CLASSIFIER[module] : undefined);
  if (whole !== undefined) return { name: `${whole}.${kind}` };
  const [, layer, part] = /^encoder\.layer\.(\d+)\.(.+)$/.exec(module) ?? [];
  const target = part === undefined ? undefined : parts[part];
  if (target === undefined || Number(layer) >= layers) return undefined;
  return { name: `blk.${layer}.${target}.${kind}` };
}

interface EncoderShape {
  readonly layers: number;
  readonly width: number;
  readonly inner: number;
  readonly heads: number;
  readonly context: number;
  readonly epsilon: number;
}

function describeEncoder(architecture: string, shape: EncoderShape): (readonly [string, GgufValue])[] {
  const key = (name: string): string => `${architecture}.${name}`;
  return [
    [key('context_length'), uint32(shape.context)],
    [key('embedding_length'), uint32(shape.width)],
    [key('feed_forward_length'), uint32(shape.inner)],
    [key('block_count'), uint32(shape.layers)],
    [key('attention.head_count'), uint32(shape.heads)],
    [key('attention.layer_norm_epsilon'), float32(shape.epsilon)],
    [key('attention.causal'), bool(false)],
  ];
}

function listRequired(layers: number, parts: readonly string[], more: readonly string[]): string[] {
  const perLayer = Array.from({ length: layers }, (_, layer) =>
    parts.map((part) => `blk.${layer}.${part}.weight`),
  );
  return ['token_embd.weight', 'token_embd_norm.weight', ...more, ...perLayer.flat()];
}

function requireText(config: JsonObject, field: string, allowed: readonly string[], otherwise: string): void {
  const value = config.optionalText(field) ?? otherwise;
  if (allowed.includes(value)) return;
  throw new ConvertError(`config.json: ${field} must be ${allowed.join(' or ')}, not ${value}`);
}

function checkSingleLabel(config: JsonObject): void {
  const labels =
    config.optionalNumber('num_labels') ?? config.optionalObject('id2label')?.entries().length ?? 1;
  if (labels !== 1)
    throw new ConvertError(`config.json: a classifier of ${labels} labels is no reranker, which has one`);
}
