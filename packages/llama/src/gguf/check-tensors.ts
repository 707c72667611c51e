import { GgufError } from './gguf-error.ts';
import type { GgufHeader } from './reader.ts';

/**
 * Types for intermediate results and indices: llama.cpp computes no product with them and crashes when asked
 * to.
 */
const NOT_FOR_WEIGHTS: ReadonlySet<string> = new Set(['q8_1', 'q8_K', 'i8', 'i16', 'i32', 'i64', 'f64']);

/** Refuses weights in types that llama.cpp loads and then crashes on in the first computation. */
export function checkTensors({ tensors }: GgufHeader): void {
  for (const { name, type, shape } of tensors) {
    const isWeight = name.endsWith('.weight') || name.endsWith('.bias');
    if (!isWeight) continue;
    if (NOT_FOR_WEIGHTS.has(type.name))
      throw new GgufError(`tensor ${name} has the type ${type.name}, not a weight's`);
    if (isAdded(name, shape) && type.name !== 'f32') {
      throw new GgufError(
        `tensor ${name} [${shape}] must be f32, not ${type.name}: it is added or multiplied as it is`,
      );
    }
  }
}

/** Norms, biases and segment embeddings are not multiplied as matrices. */
function isAdded(name: string, shape: readonly number[]): boolean {
  return shape.length < 2 || name.includes('_norm.') || name === 'token_types.weight';
}
