import type { ModelFile } from './check-model.ts';
import { GgufError } from './gguf-error.ts';
import { floatOf, textOf } from './metadata-access.ts';
import { type GgufHeader, type GgufTensor, readGgufHeader } from './reader.ts';

/** Types that an adapter's matrices may have. */
const MATRIX_TYPES: ReadonlySet<string> = new Set(['f32', 'f16', 'bf16', 'q8_0']);

/** What a GGUF LoRA says of itself. */
export interface AdapterFacts {
  readonly name: string | null;
  readonly alpha: number;
  /** The largest of its matrices. */
  readonly rank: number;
  readonly tensors: number;
}

/**
 * Checks a GGUF LoRA against the model it is for, before llama.cpp sees it: the parts that llama.cpp would
 * assert on, crash on in the first computation, or leave out silently. Throws GgufError naming the tensor and
 * the shape expected.
 */
export async function checkAdapterFile(path: string, base: ModelFile): Promise<AdapterFacts> {
  const header = await readGgufHeader(path);
  const { metadata } = header;
  requireText(header, 'general.type', 'adapter');
  requireText(header, 'adapter.type', 'lora');
  const architecture = textOf(base.header.metadata, 'general.architecture') ?? '';
  requireText(header, 'general.architecture', architecture);
  const alpha = floatOf(metadata, 'adapter.lora.alpha');
  if (alpha === undefined || !(Math.abs(alpha) > 0 && Math.abs(alpha) < Infinity)) {
    throw new GgufError(`adapter.lora.alpha must be a number other than 0, not ${alpha ?? 'absent'}`);
  }
  if (metadata.has('adapter.alora.invocation_tokens')) {
    throw new GgufError('an adapter that switches itself on by invocation tokens (aLoRA) is not supported');
  }
  const ranks = [...groupPairs(header)].map(([name, pair]) => checkPair(name, pair, base));
  if (ranks.length === 0) throw new GgufError('the adapter holds no matrices');
  return {
    name: textOf(metadata, 'general.name') ?? null,
    alpha,
    rank: Math.max(...ranks),
    tensors: header.tensors.length,
  };
}

function requireText({ metadata }: GgufHeader, key: string, expected: string): void {
  const found = textOf(metadata, key);
  if (found !== expected)
    throw new GgufError(`${key} must be ${expected} for this model, not ${found ?? 'absent'}`);
}

interface Pair {
  a?: GgufTensor;
  b?: GgufTensor;
}

function groupPairs({ tensors }: GgufHeader): Map<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const tensor of tensors) {
    const [, name, side] = /^(.+)\.lora_(a|b)$/.exec(tensor.name) ?? [];
    if (name === undefined || side === undefined) {
      throw new GgufError(
        `tensor ${tensor.name} is neither a lora_a nor a lora_b; other changes are not applied`,
      );
    }
    const pair = pairs.get(name) ?? {};
    pair[side as 'a' | 'b'] = tensor;
    pairs.set(name, pair);
  }
  return pairs;
}

/** Returns the rank. */
function checkPair(name: string, { a, b }: Pair, base: ModelFile): number {
  if (a === undefined || b === undefined) throw new GgufError(`${name} has only one of lora_a and lora_b`);
  const target = base.tensors.get(name);
  if (target === undefined)
    throw new GgufError(`the model has no tensor ${name}: the adapter is for another model`);
  if (name === 'token_embd.weight' || name === 'output.weight') {
    throw new GgufError(`${name} is adapted, which is not supported: train without embed_tokens and lm_head`);
  }
  const [inputs = 0, outputs = 0, experts] = target.shape;
  const rank = a.shape[1] ?? 0;
  const tail = experts === undefined ? [] : [experts];
  checkMatrix(a, [inputs, rank, ...tail]);
  checkMatrix(b, [rank, outputs, ...tail]);
  return rank;
}

function checkMatrix({ name, shape, type }: GgufTensor, expected: readonly number[]): void {
  // Trailing dimensions of 1 may be written or left out.
  const trim = (sizes: readonly number[]): string => sizes.join(', ').replace(/(, 1)+$/, '');
  if (trim(shape) !== trim(expected)) {
    throw new GgufError(
      `Invalid LoRA weight ${name} shape: [${shape.join(', ')}], expected [${expected.join(', ')}]`,
    );
  }
  if (!MATRIX_TYPES.has(type.name)) {
    throw new GgufError(`${name} has the type ${type.name}; adapters are ${[...MATRIX_TYPES].join(', ')}`);
  }
}
