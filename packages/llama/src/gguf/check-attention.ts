import { GgufError } from './gguf-error.ts';
import { numberOf, numbersOf } from './metadata-access.ts';
import type { GgufTensor } from './reader.ts';
import type { GgufMetadata } from './value.ts';

/** Architectures whose every layer has plain attention: q, k and v apart or in one matrix. */
const PLAIN: ReadonlySet<string> = new Set([
  'llama',
  'qwen2',
  'qwen3',
  'gemma',
  'gemma2',
  'gemma3',
  'phi3',
  'granite',
  'smollm3',
  'bert',
  'nomic-bert',
]);

/**
 * Refuses attention whose matrices are missing or do not divide into the heads: llama.cpp treats both forms
 * of q, k and v as optional, and a model without any crashes in its first computation. `tensors` are those of
 * all files.
 */
export function checkAttention(
  metadata: GgufMetadata,
  architecture: string,
  tensors: ReadonlyMap<string, GgufTensor>,
): void {
  if (!PLAIN.has(architecture)) return;
  const layers = numberOf(metadata, `${architecture}.block_count`) ?? 0;
  for (let layer = 0; layer < layers; layer++) {
    const sizes = readSizes(metadata, architecture, layer);
    const fused = tensors.get(`blk.${layer}.attn_qkv.weight`);
    if (fused !== undefined) {
      checkRows(fused, sizes.q + sizes.k + sizes.v);
      continue;
    }
    for (const part of ['q', 'k', 'v'] as const) {
      const name = `blk.${layer}.attn_${part}.weight`;
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new GgufError(`the model has no tensor ${name}, nor attn_qkv instead`);
      checkRows(tensor, sizes[part]);
    }
  }
}

function readSizes(
  metadata: GgufMetadata,
  architecture: string,
  layer: number,
): { q: number; k: number; v: number } {
  const key = (name: string): string => `${architecture}.attention.${name}`;
  const perLayer = (name: string): number | undefined => {
    const values = numbersOf(metadata, key(name));
    return values === undefined || values.length === 1 ? values?.[0] : values[layer];
  };
  const heads = perLayer('head_count') ?? 0;
  const kvHeads = perLayer('head_count_kv') ?? heads;
  const width = numberOf(metadata, `${architecture}.embedding_length`) ?? 0;
  const keyLength = numberOf(metadata, key('key_length')) ?? Math.floor(width / heads);
  const valueLength = numberOf(metadata, key('value_length')) ?? Math.floor(width / heads);
  if (heads < 1 || kvHeads < 1 || heads % kvHeads !== 0) {
    throw new GgufError(`${key('head_count')} is ${heads}, which ${kvHeads} key-value heads cannot serve`);
  }
  if (keyLength !== valueLength) {
    throw new GgufError(`${key('key_length')} is ${keyLength}, but ${key('value_length')} ${valueLength}`);
  }
  return { q: heads * keyLength, k: kvHeads * keyLength, v: kvHeads * valueLength };
}

function checkRows({ name, shape }: GgufTensor, expected: number): void {
  if (shape[1] === expected) return;
  throw new GgufError(`tensor ${name} [${shape}] must have ${expected} rows, for the heads in the metadata`);
}
