import { decodeBfloat, decodeHalf, encodeBfloat, encodeHalf } from '../gguf/half-float.ts';
import type { CheckpointType } from './checkpoint.ts';

export type FloatType = 'f32' | 'f16' | 'bf16';

/** Numbers as the little-endian bytes of a tensor. */
export function encodeFloats(values: ArrayLike<number>, type: FloatType): Uint8Array {
  if (type === 'f32') return bytesOf(Float32Array.from(values));
  const encode = type === 'f16' ? encodeHalf : encodeBfloat;
  const encoded = new Uint16Array(values.length);
  for (let index = 0; index < encoded.length; index++) encoded[index] = encode(values[index]!);
  return bytesOf(encoded);
}

/**
 * The numbers of a tensor's bytes, which may lie unaligned. Throws RangeError for types that hold no floats.
 */
export function decodeFloats(bytes: Uint8Array, type: CheckpointType): Float32Array {
  const aligned = new Uint8Array(bytes).buffer;
  switch (type) {
    case 'f32':
      return new Float32Array(aligned);
    case 'f64':
      return Float32Array.from(new Float64Array(aligned));
    case 'f16':
    case 'bf16': {
      const decode = type === 'f16' ? decodeHalf : decodeBfloat;
      const halves = new Uint16Array(aligned);
      const values = new Float32Array(halves.length);
      for (let index = 0; index < values.length; index++) values[index] = decode(halves[index]!);
      return values;
    }
    default:
      throw new RangeError(`a tensor of ${type} holds no floats`);
  }
}

/** The memory of a typed array as bytes, without a copy. */
export function bytesOf(values: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
