import { float32, type GgufValue, uint32 } from '../../gguf/value.ts';
import { ConvertError } from '../convert-error.ts';
import { pairsHeadRows } from '../head-order.ts';
import type { JsonObject } from '../json-object.ts';
import { LAYER_LINEARS } from '../layer-linears.ts';
import type { DecoderFamily } from './decoder-families.ts';
import type { ArchitecturePlan, TensorChange, TensorPlace } from './plan.ts';
import { planRope, readRopeParameters } from './rope.ts';

/** Sizes that decide names and shapes. */
interface DecoderShape {
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
}

/** Plans a model of the Llama kind: pre-normalized layers of attention and a gated feed-forward network. */
export function planDecoder(config: JsonObject, family: DecoderFamily): ArchitecturePlan {
  const { architecture } = family;
  checkActivation(config, family);
  const shape = readShape(config);
  const rotaryShare =
    config.optionalNumber('partial_rotary_factor') ??
    readRopeParameters(config).optionalNumber('partial_rotary_factor') ??
    1;
  const rotarySize = Math.floor(shape.headSize * rotaryShare);
  const rope = planRope(config, architecture, rotarySize);
  return {
    architecture,
    metadata: [
      ...describeDecoder(config, family, shape, rotarySize),
      ...rope.metadata,
      ...(family.describe?.(config, shape) ?? []),
    ],
    place: (name) => placeTensor(name, config, family, shape),
    required: listRequired(family, shape.layers),
    extra: rope.tensors,
  };
}

function readShape(config: JsonObject): DecoderShape {
  const heads = config.number('num_attention_heads');
  return {
    layers: config.number('num_hidden_layers'),
    heads,
    kvHeads: config.optionalNumber('num_key_value_heads') ?? heads,
    headSize: config.optionalNumber('head_dim') ?? config.number('hidden_size') / heads,
  };
}

function checkActivation(config: JsonObject, family: DecoderFamily): void {
  const activation =
    config.optionalText('hidden_activation') ?? config.optionalText('hidden_act') ?? family.activations[0];
  if (activation !== undefined && family.activations.includes(activation)) return;
  throw new ConvertError(
    `config.json: the activation ${activation} is not what ${family.architecture} computes (${family.activations.join(', ')})`,
  );
}

function describeDecoder(
  config: JsonObject,
  family: DecoderFamily,
  shape: DecoderShape,
  rotarySize: number,
): (readonly [string, GgufValue])[] {
  const key = (name: string): string => `${family.architecture}.${name}`;
  return [
    [key('context_length'), uint32(deriveContextLength(config, family))],
    [key('embedding_length'), uint32(config.number('hidden_size'))],
    [key('block_count'), uint32(shape.layers)],
    [key('feed_forward_length'), uint32(config.number('intermediate_size'))],
    [key('attention.head_count'), uint32(shape.heads)],
    [key('attention.head_count_kv'), uint32(shape.kvHeads)],
    [key('attention.key_length'), uint32(shape.headSize)],
    [key('attention.value_length'), uint32(shape.headSize)],
    [key('attention.layer_norm_rms_epsilon'), float32(config.optionalNumber('rms_norm_eps') ?? 1e-6)],
    [key('rope.dimension_count'), uint32(rotarySize)],
  ];
}

/**
 * llama.cpp computes full attention for these families. Within a window that is the same; beyond it the model
 * would see what it was never trained to see, so the context ends there.
 */
function deriveContextLength(config: JsonObject, family: DecoderFamily): number {
  const trained = config.optionalNumber('max_position_embeddings') ?? family.defaultContext;
  if (trained === undefined) throw new ConvertError('config.json lacks max_position_embeddings');
  const window = family.computesWindow ? undefined : config.optionalNumber('sliding_window');
  const usesWindow = config.optionalFlag('use_sliding_window') ?? true;
  return window !== undefined && usesWindow ? Math.min(trained, window) : trained;
}

function placeTensor(
  fullName: string,
  config: JsonObject,
  family: DecoderFamily,
  shape: DecoderShape,
): TensorPlace | null | undefined {
  // Models without a head are saved without the prefix.
  const name = fullName.replace(/^model\./, '');
  if (name === 'embed_tokens.weight') return { name: 'token_embd.weight' };
  if (name === 'norm.weight')
    return withChange('output_norm.weight', family.normPlusOne ? { kind: 'plus-one' } : null);
  if (name === 'lm_head.weight') {
    const tied = config.optionalFlag('tie_word_embeddings') ?? family.tiesByDefault;
    return tied ? null : { name: 'output.weight' };
  }
  if (name.endsWith('rotary_emb.inv_freq')) return null;
  const [, layer, part, kind] = /^layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name) ?? [];
  if (layer === undefined || part === undefined || Number(layer) >= shape.layers) return undefined;
  const norm = family.norms[part];
  if (norm !== undefined) {
    return withChange(`blk.${layer}.${norm}.${kind}`, family.normPlusOne ? { kind: 'plus-one' } : null);
  }
  const linear = LAYER_LINEARS[part];
  if (linear === undefined) return undefined;
  return withChange(`blk.${layer}.${linear}.${kind}`, deriveRowChange(part, family, shape));
}

function deriveRowChange(part: string, family: DecoderFamily, shape: DecoderShape): TensorChange | null {
  if (!pairsHeadRows(family.architecture)) return null;
  if (part === 'self_attn.q_proj') return { kind: 'pair-rows', heads: shape.heads };
  if (part === 'self_attn.k_proj') return { kind: 'pair-rows', heads: shape.kvHeads };
  return null;
}

function withChange(name: string, change: TensorChange | null): TensorPlace {
  return change === null ? { name } : { name, change };
}

function listRequired(family: DecoderFamily, layers: number): string[] {
  const linears = family.linears.map((part) => LAYER_LINEARS[part] ?? part);
  const parts = [...linears, ...Object.values(family.norms)];
  const perLayer = Array.from({ length: layers }, (_, layer) =>
    parts.map((part) => `blk.${layer}.${part}.weight`),
  );
  return ['token_embd.weight', 'output_norm.weight', ...perLayer.flat()];
}
