import { crc32, encodeCrc32 } from './crc32.ts';

/**
 * The checksum of a file whose bytes pass in order, some of them more than once (what is sent again counts
 * once).
 */
export class RunningChecksum {
  /** Bytes counted so far. */
  at = 0;
  #crc = 0;

  /** Counts the bytes at `fromByte` that were not counted yet. They may not leave a gap. */
  update(fromByte: number, bytes: Uint8Array): void {
    const counted = this.at - fromByte;
    if (counted < 0) throw new RangeError(`bytes ${this.at} to ${fromByte} were not counted`);
    if (counted >= bytes.length) return;
    this.#crc = crc32(counted === 0 ? bytes : bytes.subarray(counted), this.#crc);
    this.at = fromByte + bytes.length;
  }

  /** As `x-amz-checksum-crc32` has it. */
  get text(): string {
    return encodeCrc32(this.#crc);
  }
}
