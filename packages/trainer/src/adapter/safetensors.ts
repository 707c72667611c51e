import { open, readFile } from 'node:fs/promises';

/**
 * A safetensors file: an 8-byte length, a JSON header, then raw little-endian data. f32 and bf16 are enough
 * here.
 */
export interface NamedTensor {
  readonly name: string;
  /** Row-major, outermost dimension first. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Writes f32 tensors, fsynced, in the order given. Write beside and rename for a file that others read. */
export async function writeSafetensors(path: string, tensors: readonly NamedTensor[]): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  // The format asks for data aligned to 8 bytes; spaces may follow the JSON.
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const file = await open(path, 'w');
  try {
    await file.write(length);
    await file.write(padded);
    for (const { values } of tensors) {
      await file.write(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

const headerBytesMax = 100 * 1024 * 1024;

/** Reads all tensors as f32 (from F32, F16 or BF16). Throws Error naming what is wrong with the file. */
export async function readSafetensors(path: string): Promise<Map<string, NamedTensor>> {
  const bytes = await readFile(path);
  const fail = (problem: string): never => {
    throw new Error(`${path}: ${problem}`);
  };
  if (bytes.length < 8) fail('too short for a safetensors file');
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > headerBytesMax || 8 + headerLength > bytes.length)
    fail(`a header of ${headerLength} bytes`);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<string, HeaderEntry>;
  const data = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, NamedTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [from, to] = entry.data_offsets;
    const count = entry.shape.reduce((product, size) => product * size, 1);
    const size =
      elementBytes[entry.dtype] ?? fail(`${name} is ${entry.dtype}: only F32, F16 and BF16 are read`);
    if (to > data.length || to - from !== count * size)
      fail(`${name} does not fit its shape [${entry.shape}]`);
    tensors.set(name, {
      name,
      shape: entry.shape,
      values: decodeValues(data.subarray(from, to), entry.dtype, count),
    });
  }
  return tensors;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const elementBytes: Record<string, number> = { F32: 4, F16: 2, BF16: 2 };

function decodeValues(bytes: Uint8Array, dtype: string, count: number): Float32Array {
  // A copy of its own: a Buffer's slice() is a view into the whole file, and at any alignment.
  const aligned = new Uint8Array(bytes);
  if (dtype === 'F32') return new Float32Array(aligned.buffer, 0, count);
  const halves = new Uint16Array(aligned.buffer, 0, count);
  if (dtype === 'F16') return Float32Array.from(halves, decodeF16);
  const words = Uint32Array.from(halves, (half) => half << 16);
  return new Float32Array(words.buffer);
}

function decodeF16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
