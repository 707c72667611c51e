/**
 * CRC-32 (that of zlib, and of S3's `x-amz-checksum-crc32`), with the runtime's own code where it has any.
 */

type Crc32 = (bytes: Uint8Array, before?: number) => number;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** For browsers: some hundred megabytes a second. */
export const portableCrc32: Crc32 = (bytes, before = 0) => {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
};

/** zlib's where the runtime has one; asked for at run time, so that bundles for browsers import nothing. */
function findNativeCrc32(): Crc32 | null {
  const scope = globalThis as {
    process?: { getBuiltinModule?: (name: string) => { crc32?: Crc32 } | undefined };
  };
  return scope.process?.getBuiltinModule?.('node:zlib')?.crc32 ?? null;
}

/** The checksum of bytes that follow those with the checksum `before`. */
export const crc32: Crc32 = findNativeCrc32() ?? portableCrc32;

/** Base64 of the four bytes, highest first. */
export function encodeCrc32(crc: number): string {
  return btoa(String.fromCharCode(crc >>> 24, (crc >>> 16) & 0xff, (crc >>> 8) & 0xff, crc & 0xff));
}
