import { open } from 'node:fs/promises';
import { bytesOf, decodeFloats, openSafetensors, writeSafetensors } from '@sparkler/llama';

/** A tensor of a safetensors file as numbers: all that adapters and checkpoints of this trainer hold. */
export interface FloatTensor {
  readonly name: string;
  /** Row-major, outermost dimension first. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Writes f32 tensors and syncs the file. Write beside and rename for a file that others read. */
export async function writeFloatTensors(path: string, tensors: readonly FloatTensor[]): Promise<void> {
  await writeSafetensors(
    path,
    tensors.map(({ name, shape, values }) => ({ name, shape, type: 'f32', data: bytesOf(values) })),
  );
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads all tensors as f32. Throws CheckpointError naming what is wrong with the file. */
export async function readFloatTensors(path: string): Promise<Map<string, FloatTensor>> {
  const checkpoint = await openSafetensors(path);
  try {
    const tensors = new Map<string, FloatTensor>();
    for (const [name, tensor] of checkpoint.tensors) {
      const values = decodeFloats(await tensor.read(), tensor.type);
      tensors.set(name, { name, shape: tensor.shape, values });
    }
    return tensors;
  } finally {
    await checkpoint.close();
  }
}
