import { type FileHandle, open } from 'node:fs/promises';
import {
  type Checkpoint,
  CheckpointError,
  type CheckpointTensor,
  type CheckpointType,
  countElements,
  ELEMENT_BYTES,
} from './checkpoint.ts';
import { readBytes } from './file-bytes.ts';

/** The format's names of the types that are read. */
const TYPES: Readonly<Record<string, CheckpointType>> = {
  F64: 'f64',
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
  I64: 'i64',
  I32: 'i32',
  I16: 'i16',
  I8: 'i8',
  U8: 'u8',
  BOOL: 'bool',
};

/** The reference implementation's bound. */
const HEADER_BYTES_MAX = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Opens a safetensors file: 8 bytes of header length, a JSON header, then the data. Throws CheckpointError
 * naming the tensor that does not fit; nothing is read beyond the header until a tensor is asked for.
 */
export async function openSafetensors(path: string): Promise<Checkpoint> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const header = await readHeader(file, path, size);
    const tensors = new Map<string, CheckpointTensor>();
    for (const [name, entry] of Object.entries(header.entries)) {
      if (name === '__metadata__') continue;
      tensors.set(name, describeTensor(file, path, size, header.dataOffset, name, entry));
    }
    return { tensors, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: FileHandle,
  path: string,
  size: number,
): Promise<{ entries: Record<string, unknown>; dataOffset: number }> {
  const prefix = Buffer.alloc(8);
  if (size < 8) throw new CheckpointError(`${path} has ${size} bytes, too few for a safetensors file`);
  await file.read(prefix, 0, 8, 0);
  const length = prefix.readBigUInt64LE();
  if (length > HEADER_BYTES_MAX || length > size - 8) {
    throw new CheckpointError(
      `${path} claims a header of ${length} bytes: it is cut off or not a safetensors file`,
    );
  }
  const bytes = Buffer.alloc(Number(length));
  await file.read(bytes, 0, bytes.length, 8);
  try {
    const entries: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof entries !== 'object' || entries === null || Array.isArray(entries))
      throw new Error('not an object');
    return { entries: entries as Record<string, unknown>, dataOffset: 8 + bytes.length };
  } catch (error) {
    throw new CheckpointError(`${path} has a header that is not JSON: ${(error as Error).message}`);
  }
}

function describeTensor(
  file: FileHandle,
  path: string,
  size: number,
  dataOffset: number,
  name: string,
  entry: unknown,
): CheckpointTensor {
  if (!isEntry(entry))
    throw new CheckpointError(`${path}: the entry of ${name} lacks dtype, shape or data_offsets`);
  const type = TYPES[entry.dtype];
  const [from, to] = entry.data_offsets;
  if (from < 0 || to < from || dataOffset + to > size) {
    throw new CheckpointError(
      `${path}: ${name} lies at ${from} … ${to}, outside the file: it is cut off or damaged`,
    );
  }
  const expected = type === undefined ? to - from : countElements(entry.shape) * ELEMENT_BYTES[type];
  if (to - from !== expected) {
    throw new CheckpointError(
      `${path}: ${name} [${entry.shape}] as ${entry.dtype} has ${to - from} bytes, not ${expected}`,
    );
  }
  return {
    name,
    shape: entry.shape,
    // A type that is not read matters only once such a tensor is used.
    get type() {
      if (type === undefined)
        throw new CheckpointError(`${path}: ${name} is ${entry.dtype}, which is not supported`);
      return type;
    },
    async read() {
      const bytes = await readBytes(file, dataOffset + from, to - from);
      if (bytes.length < to - from) throw new CheckpointError(`${path}: ${name} is cut off`);
      return bytes;
    },
  };
}

function isEntry(entry: unknown): entry is Entry {
  if (typeof entry !== 'object' || entry === null) return false;
  const { dtype, shape, data_offsets: offsets } = entry as Partial<Record<keyof Entry, unknown>>;
  const areSizes = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
  return typeof dtype === 'string' && areSizes(shape) && areSizes(offsets) && offsets.length === 2;
}
