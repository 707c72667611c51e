/** One element type of ggml: values come in blocks of `blockSize`, each of `blockBytes`. */
export interface TensorType {
  readonly name: string;
  readonly id: number;
  readonly blockSize: number;
  readonly blockBytes: number;
}

const type = (id: number, name: string, blockSize: number, blockBytes: number): TensorType => ({
  name,
  id,
  blockSize,
  blockBytes,
});

/** ggml's types of llama.cpp v0.5.0, by number. The gaps were removed upstream. */
export const TENSOR_TYPES: readonly TensorType[] = [
  type(0, 'f32', 1, 4),
  type(1, 'f16', 1, 2),
  type(2, 'q4_0', 32, 18),
  type(3, 'q4_1', 32, 20),
  type(6, 'q5_0', 32, 22),
  type(7, 'q5_1', 32, 24),
  type(8, 'q8_0', 32, 34),
  type(9, 'q8_1', 32, 36),
  type(10, 'q2_K', 256, 84),
  type(11, 'q3_K', 256, 110),
  type(12, 'q4_K', 256, 144),
  type(13, 'q5_K', 256, 176),
  type(14, 'q6_K', 256, 210),
  type(15, 'q8_K', 256, 292),
  type(16, 'iq2_xxs', 256, 66),
  type(17, 'iq2_xs', 256, 74),
  type(18, 'iq3_xxs', 256, 98),
  type(19, 'iq1_s', 256, 50),
  type(20, 'iq4_nl', 32, 18),
  type(21, 'iq3_s', 256, 110),
  type(22, 'iq2_s', 256, 82),
  type(23, 'iq4_xs', 256, 136),
  type(24, 'i8', 1, 1),
  type(25, 'i16', 1, 2),
  type(26, 'i32', 1, 4),
  type(27, 'i64', 1, 8),
  type(28, 'f64', 1, 8),
  type(29, 'iq1_m', 256, 56),
  type(30, 'bf16', 1, 2),
  type(34, 'tq1_0', 256, 54),
  type(35, 'tq2_0', 256, 66),
  type(39, 'mxfp4', 32, 17),
  type(40, 'nvfp4', 64, 36),
  type(41, 'q1_0', 128, 18),
  type(42, 'q2_0', 64, 18),
];

const byId = new Map(TENSOR_TYPES.map((entry) => [entry.id, entry]));
const byName = new Map(TENSOR_TYPES.map((entry) => [entry.name, entry]));

/** The type with ggml's number, or undefined. */
export function findTensorType(id: number): TensorType | undefined {
  return byId.get(id);
}

/** The type with a name; throws for an unknown one (a programming error, not a file's). */
export function tensorTypeNamed(name: string): TensorType {
  const found = byName.get(name);
  if (found === undefined) throw new RangeError(`no tensor type is named ${name}`);
  return found;
}

/**
 * Bytes of a tensor. `shape` is ggml's order: the contiguous dimension first, a multiple of the block size.
 */
export function tensorBytes(shape: readonly number[], tensorType: TensorType): number {
  const elements = shape.reduce((product, size) => product * size, 1);
  return (elements / tensorType.blockSize) * tensorType.blockBytes;
}
