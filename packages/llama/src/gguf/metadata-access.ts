import { GgufError } from './gguf-error.ts';
import type { GgufMetadata, GgufScalarType, GgufValue } from './value.ts';

const INTEGER_TYPES: ReadonlySet<GgufValue['type']> = new Set([
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'uint64',
  'int64',
]);

/** A text, or undefined when the key is absent. Throws GgufError when it is something else. */
export function textOf(metadata: GgufMetadata, key: string): string | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (value.type === 'string') return String(value.value);
  throw new GgufError(`${key} must be a text, not ${describeType(value)}`);
}

/** A whole number, or undefined when the key is absent. */
export function numberOf(metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (INTEGER_TYPES.has(value.type)) return Number(value.value);
  throw new GgufError(`${key} must be a whole number, not ${describeType(value)}`);
}

/** A whole number, or one for each layer; undefined when the key is absent. */
export function numbersOf(metadata: GgufMetadata, key: string): readonly number[] | undefined {
  const value = metadata.get(key);
  if (value?.type === 'array' && INTEGER_TYPES.has(value.of)) return Array.from(value.value, Number);
  const single = numberOf(metadata, key);
  return single === undefined ? undefined : [single];
}

/** A float, or undefined when the key is absent. */
export function floatOf(metadata: GgufMetadata, key: string): number | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (value.type === 'float32') return Number(value.value);
  throw new GgufError(`${key} must be a float32, not ${describeType(value)}`);
}

/** A truth value, or undefined when the key is absent. */
export function flagOf(metadata: GgufMetadata, key: string): boolean | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (value.type === 'bool') return Boolean(value.value);
  throw new GgufError(`${key} must be a bool, not ${describeType(value)}`);
}

/** An array of one of the types, or undefined when the key is absent. */
export function arrayOf(
  metadata: GgufMetadata,
  key: string,
  types: readonly GgufScalarType[],
): Extract<GgufValue, { type: 'array' }>['value'] | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (value.type === 'array' && types.includes(value.of)) return value.value;
  throw new GgufError(`${key} must be an array of ${types.join(' or ')}, not ${describeType(value)}`);
}

function describeType(value: GgufValue): string {
  return value.type === 'array' ? `an array of ${value.of}` : value.type;
}
