import { GgufError } from './gguf-error.ts';
import { floatOf, numberOf, numbersOf, textOf } from './metadata-access.ts';
import type { GgufMetadata } from './value.ts';

/** llama.cpp's compile-time limits (llama-hparams.h). */
const LAYERS_MAX = 512;
const EXPERTS_MAX = 1024;
const ROPE_SCALINGS = ['none', 'linear', 'yarn', 'longrope'];

/** Refuses shapes that llama.cpp asserts on. What it checks and reports itself is left to it. */
export function checkHyperparameters(metadata: GgufMetadata, architecture: string): void {
  const key = (name: string): string => `${architecture}.${name}`;
  const layers = requireRange(metadata, key('block_count'), 1, LAYERS_MAX);
  requireRange(metadata, key('embedding_length'), 1, 2 ** 24);
  requireRange(metadata, key('context_length'), 1, 2 ** 31 - 1);
  optionalRange(metadata, key('nextn_predict_layers'), 0, layers);
  for (const name of ['attention.head_count', 'attention.head_count_kv']) {
    checkPerLayer(metadata, key(name), layers, 0, 2 ** 16);
  }
  checkPerLayer(metadata, key('feed_forward_length'), layers, 0, 2 ** 24);
  checkExperts(metadata, key, layers);
  for (const name of ['attention.layer_norm_rms_epsilon', 'attention.layer_norm_epsilon']) {
    const epsilon = floatOf(metadata, key(name));
    if (epsilon !== undefined && !(epsilon >= 0 && epsilon < 1)) {
      throw new GgufError(`${key(name)} must be from 0 to 1, not ${epsilon}`);
    }
  }
  checkRotation(metadata, architecture, key);
  checkHeadSizes(metadata, architecture, key);
  const window = optionalRange(metadata, key('attention.sliding_window'), 0, 2 ** 31 - 1) ?? 0;
  const pattern = metadata.get(key('attention.sliding_window_pattern'));
  if (window > 0 && pattern?.type !== 'array' && Number(pattern?.value) === 1) {
    throw new GgufError(`${key('attention.sliding_window_pattern')} is 1: no layer would have the window`);
  }
  const scaling = textOf(metadata, key('rope.scaling.type'));
  if (scaling !== undefined && !ROPE_SCALINGS.includes(scaling)) {
    throw new GgufError(
      `${key('rope.scaling.type')} must be one of ${ROPE_SCALINGS.join(', ')}, not ${scaling}`,
    );
  }
}

/**
 * Rotary positions turn pairs of a head's elements; an odd, empty or too large number asserts or never ends.
 */
function checkRotation(metadata: GgufMetadata, architecture: string, key: (name: string) => string): void {
  const heads = numbersOf(metadata, key('attention.head_count'))?.[0] ?? 0;
  const head =
    numberOf(metadata, key('attention.key_length')) ??
    (heads > 0 ? Math.floor((numberOf(metadata, key('embedding_length')) ?? 0) / heads) : 0);
  const size = numberOf(metadata, key('rope.dimension_count')) ?? head;
  if (head === 0 && size === 0) return;
  if (size < 2 || size > head || size % 2 !== 0) {
    throw new GgufError(
      `${key('rope.dimension_count')} must be an even number from 2 to ${head}, not ${size}`,
    );
  }
  if (WHOLE_HEADS.includes(architecture) && size !== head) {
    throw new GgufError(
      `${key('rope.dimension_count')} must be ${head} in a ${architecture} model, not ${size}`,
    );
  }
}

/** These assert that the whole head is turned (of the architectures that the converter writes). */
const WHOLE_HEADS = ['llama', 'qwen2', 'qwen2moe', 'qwen3', 'qwen3moe', 'granite', 'smollm3', 'mistral3'];

/** These divide the width among the heads, and assert that nothing else is asked for. */
const PLAIN_HEADS = ['bert', 'nomic-bert', 'jina-bert-v2', 'jina-bert-v3'];

function checkHeadSizes(metadata: GgufMetadata, architecture: string, key: (name: string) => string): void {
  if (!PLAIN_HEADS.includes(architecture)) return;
  const heads = requireRange(metadata, key('attention.head_count'), 1, 2 ** 16);
  const size = (numberOf(metadata, key('embedding_length')) ?? 0) / heads;
  for (const name of ['attention.key_length', 'attention.value_length']) {
    const value = numberOf(metadata, key(name)) ?? size;
    if (value !== size)
      throw new GgufError(`${key(name)} must be ${size} in a ${architecture} model, not ${value}`);
  }
}

function checkExperts(metadata: GgufMetadata, key: (name: string) => string, layers: number): void {
  const experts = optionalRange(metadata, key('expert_count'), 0, EXPERTS_MAX) ?? 0;
  checkPerLayer(metadata, key('expert_used_count'), layers, 0, experts);
  const used = numbersOf(metadata, key('expert_used_count')) ?? [0];
  if (experts > 0 && Math.max(...used) < 1) {
    throw new GgufError(`${key('expert_used_count')} must be at least 1 in a model with ${experts} experts`);
  }
  const groups = optionalRange(metadata, key('expert_group_count'), 0, Math.max(0, experts - 1)) ?? 0;
  if (groups < 2) return;
  if (experts % groups !== 0) {
    throw new GgufError(
      `${experts} experts do not divide into the ${groups} of ${key('expert_group_count')}`,
    );
  }
  requireRange(metadata, key('expert_group_used_count'), 1, groups - 1);
}

function checkPerLayer(metadata: GgufMetadata, key: string, layers: number, min: number, max: number): void {
  const values = numbersOf(metadata, key);
  if (values === undefined) return;
  if (values.length !== 1 && values.length !== layers) {
    throw new GgufError(`${key} has ${values.length} values for ${layers} layers`);
  }
  for (const value of values) checkRange(key, value, min, max);
}

function requireRange(metadata: GgufMetadata, key: string, min: number, max: number): number {
  const value = optionalRange(metadata, key, min, max);
  if (value === undefined) throw new GgufError(`${key} is missing`);
  return value;
}

function optionalRange(metadata: GgufMetadata, key: string, min: number, max: number): number | undefined {
  const value = numberOf(metadata, key);
  if (value !== undefined) checkRange(key, value, min, max);
  return value;
}

function checkRange(key: string, value: number, min: number, max: number): void {
  if (value < min || value > max) throw new GgufError(`${key} must be from ${min} to ${max}, not ${value}`);
}
