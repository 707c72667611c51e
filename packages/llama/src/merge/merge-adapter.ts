import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { decodeFloats, encodeFloats, type FloatType } from '../checkpoint/floats.ts';
import { checkAdapterFile } from '../gguf/check-adapter.ts';
import { checkModelFile } from '../gguf/check-model.ts';
import { GgufError } from '../gguf/gguf-error.ts';
import { floatOf } from '../gguf/metadata-access.ts';
import { type GgufTensor, readGgufHeader } from '../gguf/reader.ts';
import { type TensorToWrite, writeGguf } from '../gguf/writer.ts';
import { addProduct } from './add-product.ts';

export interface MergeOptions {
  /** A model file whose matrices are f32, f16 or bf16: quantized ones are brought to f16 first. */
  readonly base: string;
  /** A GGUF LoRA for it. */
  readonly adapter: string;
  readonly target: string;
}

/**
 * Writes a model with a LoRA added into its weights: W + alpha / rank * B A. The matrices keep their types.
 * One tensor is in memory at a time; the target appears complete and checked, or not at all. Throws
 * GgufError.
 */
export async function mergeAdapterFile({ base, adapter, target }: MergeOptions): Promise<{ bytes: number }> {
  const model = await checkModelFile(base);
  if (model.tensors.size !== model.header.tensors.length) {
    throw new GgufError(`${base} is one of several files of a model; join them before merging`);
  }
  await checkAdapterFile(adapter, model);
  const adapterHeader = await readGgufHeader(adapter);
  const alpha = floatOf(adapterHeader.metadata, 'adapter.lora.alpha') ?? 0;
  const pieces = new Map(adapterHeader.tensors.map((tensor) => [tensor.name, tensor]));
  const [baseFile, adapterFile] = [await open(base, 'r'), await open(adapter, 'r')];
  const partial = `${target}.partial`;
  try {
    const tensors = model.header.tensors.map((tensor): TensorToWrite => {
      const { name, shape, type } = tensor;
      const [a, b] = [pieces.get(`${name}.lora_a`), pieces.get(`${name}.lora_b`)];
      const data =
        a === undefined || b === undefined
          ? () => readTensor(baseFile, tensor)
          : () => mergeTensor(baseFile, tensor, adapterFile, a, b, alpha);
      return { name, shape, type: type.name, data };
    });
    const written = await writeGguf(partial, model.header.metadata, tensors);
    await checkModelFile(partial);
    await rename(partial, target);
    return written;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await baseFile.close();
    await adapterFile.close();
  }
}

async function mergeTensor(
  baseFile: FileHandle,
  tensor: GgufTensor,
  adapterFile: FileHandle,
  a: GgufTensor,
  b: GgufTensor,
  alpha: number,
): Promise<Uint8Array> {
  const type = floatTypeOf(tensor);
  const [inputs = 1, outputs = 1, experts = 1] = tensor.shape;
  const rank = a.shape[1] ?? 1;
  const weights = decodeFloats(await readTensor(baseFile, tensor), type);
  const [left, right] = [await readFloats(adapterFile, b), await readFloats(adapterFile, a)];
  for (let expert = 0; expert < experts; expert++) {
    const part = <T extends { subarray(from: number, to: number): T }>(values: T, size: number): T =>
      values.subarray(expert * size, (expert + 1) * size);
    const sizes = { outputs, rank, inputs };
    addProduct(
      part(weights, outputs * inputs),
      part(left, outputs * rank),
      part(right, rank * inputs),
      sizes,
      alpha / rank,
    );
  }
  return encodeFloats(weights, type);
}

function floatTypeOf({ name, type }: GgufTensor): FloatType {
  if (type.name === 'f32' || type.name === 'f16' || type.name === 'bf16') return type.name;
  throw new GgufError(`${name} is ${type.name}; only f32, f16 and bf16 weights can be merged into`);
}

async function readFloats(file: FileHandle, tensor: GgufTensor): Promise<Float32Array> {
  return decodeFloats(await readTensor(file, tensor), floatTypeOf(tensor));
}

async function readTensor(file: FileHandle, { name, offset, bytes }: GgufTensor): Promise<Uint8Array> {
  const data = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await file.read(data, at, bytes - at, offset + at);
    if (bytesRead === 0) throw new GgufError(`the file ends inside ${name}`);
    at += bytesRead;
  }
  return data;
}
