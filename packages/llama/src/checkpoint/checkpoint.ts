/** Element types of checkpoints that are read; others are refused by name when such a tensor is used. */
export type CheckpointType = 'f64' | 'f32' | 'f16' | 'bf16' | 'i64' | 'i32' | 'i16' | 'i8' | 'u8' | 'bool';

/** A tensor of a checkpoint. Its data stays in the file until it is asked for. */
export interface CheckpointTensor {
  readonly name: string;
  /** Row-major, the outermost dimension first (as PyTorch says it). */
  readonly shape: readonly number[];
  readonly type: CheckpointType;
  /** The little-endian bytes, contiguous. */
  read(): Promise<Uint8Array>;
}

/** Tensors by name, from one file or many. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  close(): Promise<void>;
}

/**
 * A checkpoint that is not what it should be. The message names the file, the tensor and what was expected.
 */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<CheckpointType, number>> = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i16: 2,
  i8: 1,
  u8: 1,
  bool: 1,
};

/** Number of elements of a shape. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
