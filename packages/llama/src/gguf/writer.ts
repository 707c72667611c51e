import { open } from 'node:fs/promises';
import { appendBytes } from '../checkpoint/file-bytes.ts';
import { tensorBytes, tensorTypeNamed } from './tensor-type.ts';
import {
  type GgufMetadata,
  type GgufScalar,
  type GgufScalarType,
  type GgufValue,
  VALUE_TYPES,
} from './value.ts';

/** A tensor to write. Its data is asked for when its turn comes, so a file may be larger than memory. */
export interface TensorToWrite {
  readonly name: string;
  /** ggml's order: the contiguous dimension first. */
  readonly shape: readonly number[];
  readonly type: string;
  readonly data: () => Uint8Array | Promise<Uint8Array>;
}

const ALIGNMENT = 32;

/**
 * Writes a GGUF v3 file (little-endian, tensors aligned to 32 bytes, in the order given). Writes in place:
 * for a file that others read, write beside it and rename. It is on the disk before this resolves, unless it
 * need not be `durable`. Throws RangeError when data and shape disagree.
 */
export async function writeGguf(
  path: string,
  metadata: GgufMetadata,
  tensors: readonly TensorToWrite[],
  { durable = true }: { readonly durable?: boolean } = {},
): Promise<{ bytes: number }> {
  const file = await open(path, 'w');
  try {
    const header = encodeHeader(metadata, tensors);
    await appendBytes(file, header);
    let bytes = header.length;
    for (const tensor of tensors) {
      const data = await tensor.data();
      const expected = tensorBytes(tensor.shape, tensorTypeNamed(tensor.type));
      if (data.length !== expected) {
        throw new RangeError(
          `tensor ${tensor.name} [${tensor.shape}] as ${tensor.type} is ${expected} bytes, but ${data.length} came`,
        );
      }
      const padding = new Uint8Array(paddedSize(data.length) - data.length);
      await appendBytes(file, data);
      await appendBytes(file, padding);
      bytes += data.length + padding.length;
    }
    if (durable) await file.sync();
    return { bytes };
  } finally {
    await file.close();
  }
}

/** Everything before the tensor data, padded. */
export function encodeHeader(
  metadata: GgufMetadata,
  tensors: readonly Pick<TensorToWrite, 'name' | 'shape' | 'type'>[],
): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(Buffer.from('GGUF'));
  writer.scalar('uint32', 3);
  writer.scalar('uint64', BigInt(tensors.length));
  writer.scalar('uint64', BigInt(metadata.size));
  for (const [key, value] of metadata) {
    writer.scalar('string', key);
    writer.value(value);
  }
  let offset = 0;
  for (const tensor of tensors) {
    const type = tensorTypeNamed(tensor.type);
    writer.scalar('string', tensor.name);
    writer.scalar('uint32', tensor.shape.length);
    for (const size of tensor.shape) writer.scalar('uint64', BigInt(size));
    writer.scalar('uint32', type.id);
    writer.scalar('uint64', BigInt(offset));
    offset += paddedSize(tensorBytes(tensor.shape, type));
  }
  return writer.finish();
}

function paddedSize(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** A growing little-endian buffer. */
class ByteWriter {
  #buffer = Buffer.alloc(64 * 1024);
  #length = 0;

  bytes(data: Uint8Array): void {
    this.#reserve(data.length);
    this.#buffer.set(data, this.#length);
    this.#length += data.length;
  }

  value(value: GgufValue): void {
    this.scalar('uint32', VALUE_TYPES.indexOf(value.type));
    if (value.type !== 'array') {
      this.scalar(value.type, value.value);
      return;
    }
    this.scalar('uint32', VALUE_TYPES.indexOf(value.of));
    this.scalar('uint64', BigInt(value.value.length));
    for (let index = 0; index < value.value.length; index++) this.scalar(value.of, value.value[index]!);
  }

  scalar(type: GgufScalarType, value: GgufScalar): void {
    if (type === 'string') {
      const text = Buffer.from(String(value), 'utf8');
      this.scalar('uint64', BigInt(text.length));
      this.bytes(text);
      return;
    }
    this.#reserve(8);
    this.#length = writeNumber(this.#buffer, this.#length, type, value);
  }

  finish(): Uint8Array {
    this.bytes(new Uint8Array(paddedSize(this.#length) - this.#length));
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.alloc(2 * (this.#length + bytes));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}

function writeNumber(
  buffer: Buffer,
  offset: number,
  type: Exclude<GgufScalarType, 'string'>,
  value: GgufScalar,
): number {
  switch (type) {
    case 'uint8':
      return buffer.writeUInt8(Number(value), offset);
    case 'int8':
      return buffer.writeInt8(Number(value), offset);
    case 'uint16':
      return buffer.writeUInt16LE(Number(value), offset);
    case 'int16':
      return buffer.writeInt16LE(Number(value), offset);
    case 'uint32':
      return buffer.writeUInt32LE(Number(value), offset);
    case 'int32':
      return buffer.writeInt32LE(Number(value), offset);
    case 'float32':
      return buffer.writeFloatLE(Number(value), offset);
    case 'bool':
      return buffer.writeUInt8(value ? 1 : 0, offset);
    case 'uint64':
      return buffer.writeBigUInt64LE(BigInt(value), offset);
    case 'int64':
      return buffer.writeBigInt64LE(BigInt(value), offset);
    case 'float64':
      return buffer.writeDoubleLE(Number(value), offset);
  }
}
