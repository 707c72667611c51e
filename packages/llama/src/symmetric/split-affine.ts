import { decodeHalf, encodeBfloat } from '../gguf/half-float.ts';

/*
 * A matrix in an affine format is a symmetric one and a product of two narrow ones. Q4_1 stores 32 weights of
 * a row as d * q + m, with q from 0 to 15. Q4_0 stores d * (q - 8) with the very same bits of q, so
 *
 *     W x = S x + C (A x)
 *
 * where S is W's q and d read as Q4_0, A adds up x over each block of 32 columns, and C has m + 8 d of each
 * block. The second term has the form of a LoRA, which llama.cpp adds to any product. S has kernels for many
 * rows at once, which Q4_1 has not.
 */

const blockColumns = 32;
/** In 16 bits: scale, minimum (affine only) and 32 weights of 4 bits. */
const affineHalves = 10;
const symmetricHalves = 9;
/** What is left over of a row after so many is slow in the BF16 kernels, so that rows are padded to it. */
const rankStep = 64;

/** Columns of C, and rows of A, for so many columns of W. */
export function rankOf(columns: number): number {
  return Math.ceil(columns / blockColumns / rankStep) * rankStep;
}

/**
 * S of a Q4_1 matrix: Q4_0, of the same shape, in the memory of what is given. Both little-endian, as GGUF
 * is.
 */
export function takeSymmetric(affine: Uint8Array): Uint8Array {
  const bits = halvesOf(affine);
  const blocks = bits.length / affineHalves;
  for (let block = 0; block < blocks; block++) {
    const from = block * affineHalves;
    const to = block * symmetricHalves;
    bits[to] = bits[from]!;
    for (let pair = 1; pair < symmetricHalves; pair++) bits[to + pair] = bits[from + 1 + pair]!;
  }
  return bytesOf(bits.subarray(0, blocks * symmetricHalves));
}

/**
 * C of a Q4_1 matrix of so many columns: BF16, [rank, rows]. With that a model is as near to what its weights
 * say as with llama.cpp's Q4_1 kernels (`npm run bench -- engine` measures it). Q8_0 would be a tenth faster
 * and an eighth further away: 32 offsets share a scale there, and large ones blur those beside them.
 */
export function takeOffsets(affine: Uint8Array, columns: number): Uint8Array {
  const source = halvesOf(affine);
  const blocks = columns / blockColumns;
  const rank = rankOf(columns);
  const rows = source.length / affineHalves / blocks;
  const offsets = new Uint16Array(rows * rank);
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const from = (row * blocks + block) * affineHalves;
      const offset = decoded[source[from + 1]!]! + 8 * decoded[source[from]!]!;
      offsets[row * rank + block] = encodeBfloat(offset);
    }
  }
  return bytesOf(offsets);
}

/**
 * A: Q4_0, [columns, rank], whose row r is one over block r of the columns and zero elsewhere. Its values are
 * exact, and x is then rounded as it is for S.
 */
export function makeBlockSums(columns: number): Uint8Array {
  const blocks = columns / blockColumns;
  const rows = new Uint16Array(rankOf(columns) * blocks * symmetricHalves);
  for (let at = 0; at < rows.length; at += symmetricHalves) {
    const block = at / symmetricHalves;
    // A scale of -1/8: q of 8 stands for 0, q of 0 for 1.
    rows[at] = minusEighth;
    if (Math.floor(block / blocks) !== block % blocks) rows.fill(0x8888, at + 1, at + symmetricHalves);
  }
  return bytesOf(rows);
}

const minusEighth = 0xb000;

/** All halves decoded: looked up twice for each block, of which there are hundreds of millions. */
const decoded = Float32Array.from({ length: 65_536 }, (_, half) => decodeHalf(half));

/** Throws RangeError for bytes at an odd place. */
function halvesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}

function bytesOf(values: Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
