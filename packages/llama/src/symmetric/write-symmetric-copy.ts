import { type FileHandle, open } from 'node:fs/promises';
import { readInto } from '../checkpoint/file-bytes.ts';
import type { ModelFile } from '../gguf/check-model.ts';
import { GgufError } from '../gguf/gguf-error.ts';
import { numberOf, textOf } from '../gguf/metadata-access.ts';
import type { GgufTensor } from '../gguf/reader.ts';
import { float32, type GgufMetadata, string } from '../gguf/value.ts';
import { type TensorToWrite, writeGguf } from '../gguf/writer.ts';
import { makeBlockSums, rankOf, takeOffsets, takeSymmetric } from './split-affine.ts';

/** Paths of files that together compute what the affine file does. */
export interface SymmetricCopy {
  readonly model: string;
  /** A LoRA of scale one: the offsets of the blocks. */
  readonly correction: string;
}

/**
 * Families whose every product with one of `splitMatrices` goes where llama.cpp adds LoRAs
 * (`build_lora_mm`). Elsewhere the offsets would be left out without a word.
 */
const architectures = new Set(['llama', 'qwen2', 'qwen3', 'gemma', 'gemma2', 'gemma3', 'phi3']);
const splitMatrices = /^(blk\.\d+\.(attn_(q|k|v|qkv|output)|ffn_(gate|up|down))|output)\.weight$/;

/** Names of the matrices that a symmetric copy would have split; none: it would be the same file. */
export function findAffineMatrices({ header }: ModelFile): readonly string[] {
  if (!architectures.has(textOf(header.metadata, 'general.architecture') ?? '')) return [];
  // A file in parts is served as it is.
  if ((numberOf(header.metadata, 'split.count') ?? 1) > 1) return [];
  return header.tensors.filter(isAffine).map(({ name }) => name);
}

function isAffine({ name, type, shape }: GgufTensor): boolean {
  return type.name === 'q4_1' && shape.length === 2 && splitMatrices.test(name);
}

/**
 * Writes the copy, with one matrix and all offsets (a tenth of the file; more of narrow models) in memory.
 * `onProgress` gets 0 to 1. Throws what writing throws (a full disk, say).
 */
export async function writeSymmetricCopy(
  path: string,
  { header }: ModelFile,
  copy: SymmetricCopy,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<void> {
  const source = await open(path, 'r');
  try {
    const readTensor = makeReader(source, header.tensors);
    const corrections: TensorToWrite[] = [];
    const tensors = header.tensors.map((tensor, index): TensorToWrite => {
      const { name, shape, type } = tensor;
      const data = async () => {
        onProgress((index + 1) / header.tensors.length);
        const stored = await readTensor(tensor);
        if (!isAffine(tensor)) return stored;
        corrections.push(...planCorrection(tensor, stored));
        return takeSymmetric(stored);
      };
      return { name, shape, type: isAffine(tensor) ? 'q4_0' : type.name, data };
    });
    await writeGguf(copy.model, header.metadata, tensors, { durable: false });
    await writeGguf(copy.correction, describeCorrection(header.metadata), corrections, { durable: false });
  } finally {
    await source.close();
  }
}

/** A and C of one matrix. */
function planCorrection({ name, shape }: GgufTensor, stored: Uint8Array): TensorToWrite[] {
  const [columns = 0, rows = 0] = shape;
  const rank = rankOf(columns);
  const offsets = takeOffsets(stored, columns);
  return [
    { name: `${name}.lora_a`, shape: [columns, rank], type: 'q4_0', data: () => makeBlockSums(columns) },
    { name: `${name}.lora_b`, shape: [rank, rows], type: 'bf16', data: () => offsets },
  ];
}

function describeCorrection(model: GgufMetadata): GgufMetadata {
  return new Map([
    ['general.type', string('adapter')],
    ['general.architecture', string(textOf(model, 'general.architecture') ?? '')],
    ['adapter.type', string('lora')],
    // Zero: the product is added as it is, not divided by its rank.
    ['adapter.lora.alpha', float32(0)],
  ]);
}

/** Reads one tensor after the other into the same memory: fresh pages would cost more than the reading. */
function makeReader(source: FileHandle, tensors: readonly GgufTensor[]) {
  const memory = new Uint8Array(tensors.reduce((most, { bytes }) => Math.max(most, bytes), 0));
  return async ({ name, offset, bytes }: GgufTensor): Promise<Uint8Array> => {
    const read = await readInto(source, offset, memory.subarray(0, bytes));
    if (read < bytes) throw new GgufError(`the file ends inside ${name}`);
    return memory.subarray(0, bytes);
  };
}
