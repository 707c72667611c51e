/** Metadata values of a GGUF file, tagged with their stored type. */
export type GgufScalarType =
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'int32'
  | 'float32'
  | 'bool'
  | 'string'
  | 'uint64'
  | 'int64'
  | 'float64';

/** Numbers of the types in the file format; `array` is 9. */
export const VALUE_TYPES: readonly (GgufScalarType | 'array')[] = [
  'uint8',
  'int8',
  'uint16',
  'int16',
  'uint32',
  'int32',
  'float32',
  'bool',
  'string',
  'array',
  'uint64',
  'int64',
  'float64',
];

export type GgufScalar = number | bigint | boolean | string;

export type GgufValue =
  | { readonly type: GgufScalarType; readonly value: GgufScalar }
  /** Numbers are read into typed arrays, texts into an array, truth values into a Uint8Array of 0 and 1. */
  | { readonly type: 'array'; readonly of: GgufScalarType; readonly value: ArrayLike<GgufScalar> };

export type GgufMetadata = ReadonlyMap<string, GgufValue>;

export const uint32 = (value: number): GgufValue => ({ type: 'uint32', value });
export const int32 = (value: number): GgufValue => ({ type: 'int32', value });
export const uint64 = (value: bigint): GgufValue => ({ type: 'uint64', value });
export const float32 = (value: number): GgufValue => ({ type: 'float32', value });
export const bool = (value: boolean): GgufValue => ({ type: 'bool', value });
export const string = (value: string): GgufValue => ({ type: 'string', value });
export const strings = (value: readonly string[]): GgufValue => ({ type: 'array', of: 'string', value });
export const int32s = (value: readonly number[]): GgufValue => ({ type: 'array', of: 'int32', value });
export const uint32s = (value: readonly number[]): GgufValue => ({ type: 'array', of: 'uint32', value });
export const float32s = (value: readonly number[]): GgufValue => ({ type: 'array', of: 'float32', value });
