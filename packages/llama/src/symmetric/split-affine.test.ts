import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBfloat, decodeHalf, encodeHalf } from '../gguf/half-float.ts';
import { makeBlockSums, rankOf, takeOffsets, takeSymmetric } from './split-affine.ts';

const half = (value: number) => decodeHalf(encodeHalf(value));

interface Block {
  readonly scale: number;
  readonly least: number;
  /** 16 bytes, two weights each. */
  readonly weights: readonly number[];
}

const block: fc.Arbitrary<Block> = fc.record({
  scale: fc.double({ min: 0, max: 2, noNaN: true }).map(half),
  least: fc.double({ min: -20, max: 20, noNaN: true }).map(half),
  weights: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 16, maxLength: 16 }),
});

/** As llama.cpp stores Q4_1: scale, minimum, then weights j and j + 16 in each byte. */
function encodeAffine(blocks: readonly Block[]): Uint8Array {
  const bytes = new Uint8Array(blocks.length * 20);
  const view = new DataView(bytes.buffer);
  for (const [at, { scale, least, weights }] of blocks.entries()) {
    view.setUint16(at * 20, encodeHalf(scale), true);
    view.setUint16(at * 20 + 2, encodeHalf(least), true);
    bytes.set(weights, at * 20 + 4);
  }
  return bytes;
}

/** Values of a Q4_0 tensor. */
function decodeSymmetric(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: (bytes.length / 18) * 32 }, (_, index) => {
    const at = Math.floor(index / 32) * 18;
    const byte = bytes[at + 2 + (index % 16)]!;
    const bits = index % 32 < 16 ? byte & 15 : byte >> 4;
    return decodeHalf(view.getUint16(at, true)) * (bits - 8);
  });
}

function decodeOffsets(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 2 }, (_, index) =>
    decodeBfloat(view.getUint16(2 * index, true)),
  );
}

test('the symmetric matrix and the offsets add up to the affine one', () => {
  const matrix = fc.integer({ min: 1, max: 5 }).chain((across) =>
    fc.record({
      across: fc.constant(across),
      rows: fc.array(fc.array(block, { minLength: across, maxLength: across }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
  );
  fc.assert(
    fc.property(matrix, ({ across, rows }) => {
      const columns = across * 32;
      const affine = encodeAffine(rows.flat());
      const offsets = decodeOffsets(takeOffsets(affine, columns));
      const symmetric = decodeSymmetric(takeSymmetric(affine));
      for (const [row, blocks] of rows.entries()) {
        for (const [at, { scale, least, weights }] of blocks.entries()) {
          for (let index = 0; index < 32; index++) {
            const bits = index < 16 ? weights[index]! & 15 : weights[index - 16]! >> 4;
            const found = symmetric[row * columns + at * 32 + index]! + offsets[row * rankOf(columns) + at]!;
            // The offset is rounded to 8 bits.
            const tolerance = Math.abs(least + 8 * scale) / 256;
            expect(Math.abs(found - (scale * bits + least))).toBeLessThanOrEqual(tolerance + 1e-9);
          }
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('block sums are ones over a block of columns, and nothing elsewhere', () => {
  for (const columns of [32, 96, 2080]) {
    const values = decodeSymmetric(makeBlockSums(columns));
    expect(values).toHaveLength(rankOf(columns) * columns);
    const wrong = values.findIndex((value, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      return value + 0 !== (Math.floor(column / 32) === row ? 1 : 0);
    });
    expect(wrong).toBe(-1);
  }
});
