import { type ByteCursor, SCALAR_BYTES } from './byte-cursor.ts';
import { GgufError } from './gguf-error.ts';
import { type GgufScalar, type GgufScalarType, type GgufValue, VALUE_TYPES } from './value.ts';

const ARRAYS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  bool: Uint8Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float64: Float64Array,
} as const;

/** Reads one metadata value of the file: its type, then itself. */
export function readValue(cursor: ByteCursor, key: string): GgufValue {
  const type = readType(cursor, `type of ${key}`);
  if (type !== 'array') return { type, value: cursor.scalar(type, `value of ${key}`) };
  const of = readType(cursor, `element type of ${key}`);
  if (of === 'array')
    throw new GgufError(`${key} at byte ${cursor.offset} is an array of arrays; llama.cpp reads none`);
  const start = cursor.offset;
  const count = cursor.size(`length of ${key}`);
  // Checked before anything is allocated: a text takes at least the 8 bytes of its length.
  const bytesMin = count * (of === 'string' ? 8 : SCALAR_BYTES[of]);
  if (bytesMin > cursor.remaining) {
    throw new GgufError(
      `${key} at byte ${start} claims ${count} elements of at least ${bytesMin} bytes, but ${cursor.remaining} are left`,
    );
  }
  return { type: 'array', of, value: readElements(cursor, of, count, key) };
}

function readElements(
  cursor: ByteCursor,
  of: GgufScalarType,
  count: number,
  key: string,
): ArrayLike<GgufScalar> {
  if (of === 'string') {
    const texts: string[] = [];
    for (let index = 0; index < count; index++) texts.push(cursor.text(`element ${index} of ${key}`));
    return texts;
  }
  // A copy, as the elements may lie unaligned in the file (and Buffer's slice would be none).
  const bytes = new Uint8Array(cursor.bytes(count * SCALAR_BYTES[of], `elements of ${key}`));
  return new ARRAYS[of](bytes.buffer, 0, count);
}

function readType(cursor: ByteCursor, what: string): GgufValue['type'] {
  const start = cursor.offset;
  const number = cursor.uint32(what);
  const type = VALUE_TYPES[number];
  if (type === undefined)
    throw new GgufError(`${what} at byte ${start} is ${number}, but types go from 0 to 12`);
  return type;
}
