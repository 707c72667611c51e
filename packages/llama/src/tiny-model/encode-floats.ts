import { encodeBfloat, encodeHalf } from '../gguf/half-float.ts';

export type FloatType = 'f32' | 'f16' | 'bf16';

/** Numbers as the little-endian bytes of a tensor. */
export function encodeFloats(values: ArrayLike<number>, type: FloatType): Uint8Array {
  if (type === 'f32') return new Uint8Array(Float32Array.from(values).buffer);
  const encode = type === 'f16' ? encodeHalf : encodeBfloat;
  return new Uint8Array(Uint16Array.from(values, encode).buffer);
}
