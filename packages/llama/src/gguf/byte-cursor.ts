import { GgufError } from './gguf-error.ts';
import type { GgufScalar, GgufScalarType } from './value.ts';

/** The bytes at hand end before the header does, but the file goes on: read more and parse again. */
export class MoreBytesNeeded extends Error {
  override readonly name = 'MoreBytesNeeded';
}

/** Bytes of each fixed-size type. */
export const SCALAR_BYTES: Readonly<Record<Exclude<GgufScalarType, 'string'>, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  bool: 1,
  uint64: 8,
  int64: 8,
  float64: 8,
};

/** Reads little-endian values from the first bytes of a file, never beyond the file's end. */
export class ByteCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileBytes: number;
  offset = 0;

  constructor(bytes: Uint8Array, fileBytes: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileBytes = fileBytes;
  }

  /** Bytes of the file behind the cursor. */
  get remaining(): number {
    return this.#fileBytes - this.offset;
  }

  /** Advances over `count` bytes and says where they begin. `what` names them in an error. */
  take(count: number, what: string): number {
    const start = this.offset;
    if (count > this.remaining) {
      throw new GgufError(
        `${what} at byte ${start} needs ${count} bytes, but the file ends ${this.remaining} bytes later`,
      );
    }
    if (start + count > this.#bytes.length) throw new MoreBytesNeeded();
    this.offset += count;
    return start;
  }

  bytes(count: number, what: string): Uint8Array {
    const start = this.take(count, what);
    return this.#bytes.subarray(start, start + count);
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.take(4, what), true);
  }

  /** An unsigned 64-bit number that must be exact in a double. */
  size(what: string): number {
    const start = this.take(8, what);
    const value = this.#view.getBigUint64(start, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new GgufError(`${what} at byte ${start} is ${value}, more than any file could hold`);
    }
    return Number(value);
  }

  /** A length-prefixed text. Bytes that are not UTF-8 become U+FFFD, as some vocabularies hold them. */
  text(what: string): string {
    const start = this.offset;
    const length = this.size(`length of ${what}`);
    if (length > this.remaining) {
      throw new GgufError(
        `${what} at byte ${start} claims ${length} bytes, but ${this.remaining} are left in the file`,
      );
    }
    const bytes = this.bytes(length, what);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  }

  scalar(type: GgufScalarType, what: string): GgufScalar {
    if (type === 'string') return this.text(what);
    const start = this.take(SCALAR_BYTES[type], what);
    switch (type) {
      case 'uint8':
        return this.#view.getUint8(start);
      case 'int8':
        return this.#view.getInt8(start);
      case 'uint16':
        return this.#view.getUint16(start, true);
      case 'int16':
        return this.#view.getInt16(start, true);
      case 'uint32':
        return this.#view.getUint32(start, true);
      case 'int32':
        return this.#view.getInt32(start, true);
      case 'float32':
        return this.#view.getFloat32(start, true);
      case 'bool':
        return this.#view.getUint8(start) !== 0;
      case 'uint64':
        return this.#view.getBigUint64(start, true);
      case 'int64':
        return this.#view.getBigInt64(start, true);
      case 'float64':
        return this.#view.getFloat64(start, true);
    }
  }
}
