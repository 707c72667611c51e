import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeTinyModel } from '../tiny-model/tiny-model.ts';
import { MoreBytesNeeded } from './byte-cursor.ts';
import { GgufError } from './gguf-error.ts';
import { parseGgufHeader, readGgufHeader } from './reader.ts';
import { TENSOR_TYPES } from './tensor-type.ts';
import { float32, type GgufScalarType, type GgufValue, string, strings, uint32 } from './value.ts';
import { encodeHeader, writeGguf } from './writer.ts';

let folder: string;
let tiny: Buffer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gguf-'));
  await writeTinyModel(join(folder, 'tiny.gguf'));
  tiny = await readFile(join(folder, 'tiny.gguf'));
});

afterAll(() => rm(folder, { recursive: true }));

/** A header of one f32 vector `x` of `size`, with `change` applied to its bytes. */
function headerBytes(size: number, change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(
    encodeHeader(new Map([['k', uint32(7)]]), [{ name: 'x', shape: [size], type: 'f32' }]),
  );
  const file = Buffer.concat([bytes, Buffer.alloc(4 * size)]);
  change(file);
  return file;
}

function parse(bytes: Uint8Array) {
  return parseGgufHeader(bytes, bytes.length);
}

const SCALARS: Readonly<
  Record<Exclude<GgufScalarType, 'bool' | 'float32'>, fc.Arbitrary<number | bigint | string>>
> = {
  uint8: fc.integer({ min: 0, max: 255 }),
  int8: fc.integer({ min: -128, max: 127 }),
  uint16: fc.integer({ min: 0, max: 65535 }),
  int16: fc.integer({ min: -32768, max: 32767 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int32: fc.integer(),
  uint64: fc.bigInt(0n, 2n ** 64n - 1n),
  int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  float64: fc.double({ noNaN: true }),
  string: fc.string({ unit: 'grapheme' }),
};

const value: fc.Arbitrary<GgufValue> = fc
  .constantFrom(...(Object.keys(SCALARS) as (keyof typeof SCALARS)[]))
  .chain((type) =>
    fc.oneof(
      SCALARS[type].map((scalar): GgufValue => ({ type, value: scalar })),
      fc.array(SCALARS[type]).map((items): GgufValue => ({ type: 'array', of: type, value: items })),
    ),
  );

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), (pairs) => {
      const metadata = new Map(Object.entries(pairs));
      const header = parse(encodeHeader(metadata, []));
      const plain = [...header.metadata].map(([key, read]) => [
        key,
        read.type === 'array' ? { ...read, value: Array.from(read.value) } : read,
      ]);
      expect(plain).toEqual([...metadata]);
    }),
  );
});

test('tensors of every type are placed by shape, type and alignment', async () => {
  const tensors = TENSOR_TYPES.map((type) => ({
    name: `t.${type.name}`,
    shape: [type.blockSize, 3],
    type: type.name,
    data: () => new Uint8Array(3 * type.blockBytes).fill(type.id),
  }));
  const path = join(folder, 'types.gguf');
  await writeGguf(path, new Map([['general.name', string('types')]]), tensors);
  const header = await readGgufHeader(path);
  const file = await readFile(path);
  expect(header.tensors.map((tensor) => tensor.name)).toEqual(tensors.map((tensor) => tensor.name));
  for (const tensor of header.tensors) {
    expect(tensor.offset % 32).toBe(0);
    const data = file.subarray(tensor.offset, tensor.offset + tensor.bytes);
    expect(data.every((byte) => byte === tensor.type.id)).toBe(true);
  }
});

test('a header larger than the first read is read whole', async () => {
  const path = join(folder, 'large.gguf');
  const tokens = Array.from({ length: 150_000 }, (_, index) => `token ${index}`);
  await writeGguf(path, new Map([['tokens', strings(tokens)]]), []);
  const header = await readGgufHeader(path);
  expect(header.metadata.get('tokens')?.value).toEqual(tokens);
});

test('data that does not match its shape is refused while writing', async () => {
  const tensor = { name: 'x', shape: [4], type: 'f32', data: () => new Uint8Array(12) };
  await expect(writeGguf(join(folder, 'bad.gguf'), new Map(), [tensor])).rejects.toThrow(
    'tensor x [4] as f32 is 16 bytes, but 12 came',
  );
});

test('each kind of damage is named with its place', () => {
  const cases: [string, (bytes: Buffer) => void][] = [
    ['byte 0 begins "JGUF"', (bytes) => bytes.write('J', 0)],
    ['version at byte 4 is 9', (bytes) => bytes.writeUInt32LE(9, 4)],
    ['big-endian', (bytes) => bytes.writeUInt32BE(3, 4)],
    ['4294967295 tensors', (bytes) => bytes.writeBigUInt64LE(2n ** 32n - 1n, 8)],
    ['more than any file could hold', (bytes) => bytes.writeBigUInt64LE(2n ** 63n, 8)],
    ['claims 4096 bytes', (bytes) => bytes.writeBigUInt64LE(4096n, 24)],
    ['key 0 at byte 24 is empty', (bytes) => bytes.writeBigUInt64LE(0n, 24)],
    ['type of k at byte 33 is 99', (bytes) => bytes.writeUInt32LE(99, 33)],
    ['9 dimensions', (bytes) => bytes.writeUInt32LE(9, 50)],
    ['unknown type 77', (bytes) => bytes.writeUInt32LE(77, 62)],
    ['lies at 64, not at 0', (bytes) => bytes.writeBigUInt64LE(64n, 66)],
    ['it is cut off', (bytes) => bytes.writeBigUInt64LE(100n, 54)],
  ];
  for (const [message, change] of cases)
    expect(() => parse(headerBytes(8, change)), message).toThrow(message);
});

test('rows that do not divide into blocks, duplicate names and odd alignments are refused', () => {
  const tensor = (name: string) => ({ name, shape: [32], type: 'q8_0' });
  const twice = encodeHeader(new Map(), [tensor('a'), tensor('a')]);
  expect(() => parseGgufHeader(twice, twice.length + 1000)).toThrow('tensor a at byte');
  const rows = encodeHeader(new Map(), [{ name: 'a', shape: [33], type: 'q8_0' }]);
  expect(() => parseGgufHeader(rows, rows.length + 1000)).toThrow('rows of 33 values, but q8_0 comes in 32s');
  expect(() => parse(encodeHeader(new Map([['general.alignment', uint32(48)]]), []))).toThrow('power of two');
  expect(() => parse(encodeHeader(new Map([['general.alignment', float32(32)]]), []))).toThrow('type uint32');
});

test('an array that claims more than the file holds is refused before anything is allocated', () => {
  const bytes = Buffer.from(encodeHeader(new Map([['k', strings(['a'])]]), []));
  bytes.writeBigUInt64LE(2n ** 40n, 41);
  expect(() => parse(bytes)).toThrow('claims 1099511627776 elements');
});

test('a file cut at any place is refused or asks for more, never read wrongly', () => {
  const whole = parse(tiny);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: tiny.length - 1 }), (length) => {
      expect(() => parse(tiny.subarray(0, length))).toThrow(GgufError);
      if (length < whole.dataOffset - 32) {
        expect(() => parseGgufHeader(tiny.subarray(0, length), tiny.length)).toThrow(MoreBytesNeeded);
      }
    }),
    { numRuns: 500 },
  );
});

test('a file cut on disk is refused', async () => {
  const path = join(folder, 'cut.gguf');
  await writeFile(path, tiny);
  await truncate(path, tiny.length - 100);
  await expect(readGgufHeader(path)).rejects.toThrow('it is cut off');
});

test('random bytes changed in a header give a GgufError or a header, nothing else', () => {
  const { dataOffset } = parse(tiny);
  const change = fc.record({
    offset: fc.integer({ min: 0, max: dataOffset - 1 }),
    byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 127, 128, 255)),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const bytes = Buffer.from(tiny);
      for (const { offset, byte } of changes) bytes[offset] = byte;
      try {
        const header = parse(bytes);
        for (const tensor of header.tensors)
          expect(tensor.offset + tensor.bytes).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(GgufError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('random bytes are never a GGUF file', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const file = Buffer.concat([Buffer.from('GGUF\x03\0\0\0'), bytes]);
      try {
        parse(file);
      } catch (error) {
        expect(error).toBeInstanceOf(GgufError);
      }
    }),
    { numRuns: 2000 },
  );
});
