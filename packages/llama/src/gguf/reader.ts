import { open } from 'node:fs/promises';
import { ByteCursor, MoreBytesNeeded } from './byte-cursor.ts';
import { GgufError } from './gguf-error.ts';
import { readValue } from './read-value.ts';
import { findTensorType, type TensorType, tensorBytes } from './tensor-type.ts';
import type { GgufMetadata, GgufValue } from './value.ts';

/** Where a tensor lies in the file. */
export interface GgufTensor {
  readonly name: string;
  /** ggml's order: the contiguous dimension first. */
  readonly shape: readonly number[];
  readonly type: TensorType;
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** Everything a GGUF file says before its tensor data. */
export interface GgufHeader {
  readonly version: number;
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
  readonly alignment: number;
  readonly dataOffset: number;
}

/** llama.cpp's limits. */
const NAME_BYTES_MAX = 63;
const DIMENSIONS_MAX = 4;
/** The largest vocabularies make headers of about 20 MB; a header that claims more is not one. */
const HEADER_BYTES_MAX = 256 * 1024 * 1024;
/** Enough for most headers of small models; doubled until the header fits. */
const FIRST_READ_BYTES = 1024 * 1024;

/** Reads the header of a GGUF file. Throws GgufError for a damaged one, and what opening a file throws. */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for (let wanted = FIRST_READ_BYTES; ; wanted *= 4) {
      const bytes = Buffer.alloc(Math.min(wanted, size));
      await file.read(bytes, 0, bytes.length, 0);
      try {
        return parseGgufHeader(bytes, size);
      } catch (error) {
        if (!(error instanceof MoreBytesNeeded)) throw error;
        if (wanted >= HEADER_BYTES_MAX) {
          throw new GgufError(`the header does not end within ${HEADER_BYTES_MAX} bytes`);
        }
      }
    }
  } finally {
    await file.close();
  }
}

/**
 * Parses a header from the first bytes of a file of `fileBytes`. Throws GgufError naming the offset and what
 * was expected there, MoreBytesNeeded when `bytes` is shorter than the header. Everything is checked against
 * the file's size before it is allocated.
 */
export function parseGgufHeader(bytes: Uint8Array, fileBytes: number): GgufHeader {
  const cursor = new ByteCursor(bytes, fileBytes);
  const version = readVersion(cursor);
  const tensorCount = cursor.size('number of tensors');
  const pairCount = cursor.size('number of metadata pairs');
  // The shortest tensor entry takes 32 bytes, the shortest pair 13.
  if (tensorCount * 32 + pairCount * 13 > fileBytes) {
    throw new GgufError(
      `${tensorCount} tensors and ${pairCount} metadata pairs do not fit into ${fileBytes} bytes`,
    );
  }
  const metadata = readMetadata(cursor, pairCount);
  const alignment = readAlignment(metadata);
  const entries = readTensorEntries(cursor, tensorCount);
  const dataOffset = align(cursor.offset, alignment);
  return {
    version,
    metadata,
    tensors: placeTensors(entries, dataOffset, alignment, fileBytes),
    alignment,
    dataOffset,
  };
}

function readVersion(cursor: ByteCursor): number {
  const magic = Buffer.from(cursor.bytes(4, 'magic')).toString('latin1');
  if (magic !== 'GGUF')
    throw new GgufError(`byte 0 begins ${JSON.stringify(magic)}, a GGUF file begins "GGUF"`);
  const version = cursor.uint32('version');
  if (version === 2 || version === 3) return version;
  if ((version & 0xffff) === 0)
    throw new GgufError('the file is big-endian; convert it on the machine it is from');
  throw new GgufError(`version at byte 4 is ${version}, only 2 and 3 can be read`);
}

function readMetadata(cursor: ByteCursor, count: number): Map<string, GgufValue> {
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < count; index++) {
    const start = cursor.offset;
    const key = cursor.text(`key ${index}`);
    if (key === '') throw new GgufError(`key ${index} at byte ${start} is empty`);
    if (metadata.has(key)) throw new GgufError(`key ${key} at byte ${start} occurs twice`);
    metadata.set(key, readValue(cursor, key));
  }
  return metadata;
}

function readAlignment(metadata: GgufMetadata): number {
  const value = metadata.get('general.alignment');
  if (value === undefined) return 32;
  const alignment = value.type === 'uint32' ? Number(value.value) : 0;
  if (alignment > 0 && (alignment & (alignment - 1)) === 0 && alignment <= 1024 * 1024) return alignment;
  throw new GgufError(
    `general.alignment must be a power of two of type uint32, not ${value.type} ${value.value}`,
  );
}

interface TensorEntry extends Omit<GgufTensor, 'offset' | 'bytes'> {
  readonly entryOffset: number;
  readonly relativeOffset: number;
}

function readTensorEntries(cursor: ByteCursor, count: number): TensorEntry[] {
  const entries: TensorEntry[] = [];
  const names = new Set<string>();
  for (let index = 0; index < count; index++) {
    const entryOffset = cursor.offset;
    const name = cursor.text(`name of tensor ${index}`);
    if (Buffer.byteLength(name) > NAME_BYTES_MAX) {
      throw new GgufError(
        `the name of tensor ${index} at byte ${entryOffset} is longer than ${NAME_BYTES_MAX} bytes`,
      );
    }
    if (names.has(name)) throw new GgufError(`tensor ${name} at byte ${entryOffset} occurs twice`);
    names.add(name);
    const shape = readShape(cursor, name);
    const type = readTensorType(cursor, name, shape);
    entries.push({ name, shape, type, entryOffset, relativeOffset: cursor.size(`offset of ${name}`) });
  }
  return entries;
}

function readShape(cursor: ByteCursor, name: string): number[] {
  const start = cursor.offset;
  const dimensions = cursor.uint32(`dimensions of ${name}`);
  if (dimensions > DIMENSIONS_MAX) {
    throw new GgufError(
      `tensor ${name} at byte ${start} has ${dimensions} dimensions, at most ${DIMENSIONS_MAX} exist`,
    );
  }
  const shape = Array.from({ length: dimensions }, () => cursor.size(`shape of ${name}`));
  if (shape.some((size) => size < 1))
    throw new GgufError(`tensor ${name} at byte ${start} has the shape [${shape}]`);
  if (!Number.isSafeInteger(shape.reduce((product, size) => product * size, 1))) {
    throw new GgufError(
      `tensor ${name} at byte ${start} has more elements than any file could hold: [${shape}]`,
    );
  }
  return shape;
}

function readTensorType(cursor: ByteCursor, name: string, shape: readonly number[]): TensorType {
  const start = cursor.offset;
  const id = cursor.uint32(`type of ${name}`);
  const type = findTensorType(id);
  if (type === undefined) throw new GgufError(`tensor ${name} at byte ${start} has the unknown type ${id}`);
  if ((shape[0] ?? 1) % type.blockSize !== 0) {
    throw new GgufError(
      `tensor ${name} at byte ${start} has rows of ${shape[0]} values, but ${type.name} comes in ${type.blockSize}s`,
    );
  }
  return type;
}

/** llama.cpp wants the tensors one after the other, each aligned, in the order of the entries. */
function placeTensors(
  entries: readonly TensorEntry[],
  dataOffset: number,
  alignment: number,
  fileBytes: number,
): GgufTensor[] {
  let expected = 0;
  return entries.map(({ name, shape, type, entryOffset, relativeOffset }) => {
    const bytes = tensorBytes(shape, type);
    const offset = dataOffset + relativeOffset;
    if (relativeOffset !== expected) {
      throw new GgufError(
        `tensor ${name} (entry at byte ${entryOffset}) lies at ${relativeOffset}, not at ${expected}`,
      );
    }
    if (offset + bytes > fileBytes) {
      throw new GgufError(
        `tensor ${name} ends at byte ${offset + bytes}, but the file has ${fileBytes} bytes: it is cut off`,
      );
    }
    expected = align(relativeOffset + bytes, alignment);
    return { name, shape, type, offset, bytes };
  });
}

function align(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
