import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CheckpointTensor,
  decodeFloats,
  encodeFloats,
  type FloatType,
  float32,
  type ModelFile,
  numbersOf,
  openCheckpointFolder,
  pairHeadRows,
  pairsHeadRows,
  string,
  type TensorToWrite,
  textOf,
  writeGguf,
} from '@sparkler/llama';
import { AdapterError } from '../../../core/adapter-error.ts';
import { parsePeftConfig } from './peft-config.ts';
import { type AdaptedTensor, type PeftPair, planPeftTensors } from './plan-peft-tensors.ts';

/** Architectures for which the names and the row order of Hugging Face modules are known here. */
const ARCHITECTURES: ReadonlySet<string> = new Set([
  'llama',
  'qwen2',
  'qwen2moe',
  'qwen3',
  'qwen3moe',
  'gemma',
  'gemma2',
  'gemma3',
  'phi3',
  'granite',
  'smollm3',
]);

/**
 * Converts a PEFT folder (adapter_config.json and adapter_model.safetensors or .bin) to a GGUF LoRA for the
 * given model, checking every shape. Throws AdapterError, CheckpointError.
 */
export async function convertPeftFolder(folder: string, base: ModelFile, target: string): Promise<void> {
  const architecture = textOf(base.header.metadata, 'general.architecture') ?? 'unknown';
  if (!ARCHITECTURES.has(architecture)) {
    throw new AdapterError(
      `PEFT adapters for the architecture ${architecture} are not converted; bring a GGUF LoRA`,
    );
  }
  const config = parsePeftConfig(await readConfig(folder));
  const checkpoint = await openCheckpointFolder(folder, ['adapter_model']);
  try {
    const plan = planPeftTensors(checkpoint.tensors, config, base);
    const metadata = new Map([
      ['general.type', string('adapter')],
      ['general.architecture', string(architecture)],
      ['adapter.type', string('lora')],
      ['adapter.lora.alpha', float32(config.alpha)],
    ]);
    await writeGguf(
      target,
      metadata,
      plan.flatMap((adapted) => writePair(adapted, base)),
    );
  } finally {
    await checkpoint.close();
  }
}

async function readConfig(folder: string): Promise<unknown> {
  const path = join(folder, 'adapter_config.json');
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new AdapterError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function writePair(adapted: AdaptedTensor, base: ModelFile): TensorToWrite[] {
  const { tensor, inputs, outputs, rank, isExpert, pairs } = adapted;
  const type = resolveType(pairs);
  const tail = isExpert ? [pairs.length] : [];
  return [
    {
      name: `${tensor}.weight.lora_a`,
      shape: [inputs, rank, ...tail],
      type,
      data: () => stack(pairs, inputs * rank, type, (pair) => readMatrix(pair.a, 1, type)),
    },
    {
      name: `${tensor}.weight.lora_b`,
      shape: [rank, outputs, ...tail],
      type,
      data: () =>
        stack(pairs, rank * outputs, type, async (pair) =>
          orderRows(await readMatrix(pair.b, pair.factor, type), adapted, type, base),
        ),
    },
  ];
}

/** Untrained experts add nothing: their matrices are zero. */
async function stack(
  pairs: readonly (PeftPair | null)[],
  elements: number,
  type: FloatType,
  read: (pair: PeftPair) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const bytes = elements * (type === 'f32' ? 4 : 2);
  const stacked = new Uint8Array(bytes * pairs.length);
  for (const [index, pair] of pairs.entries()) {
    if (pair !== null) stacked.set(await read(pair), index * bytes);
  }
  return stacked;
}

/** The types of the file are kept where they can be; a mixture becomes f32. */
function resolveType(pairs: readonly (PeftPair | null)[]): FloatType {
  const types = new Set(pairs.flatMap((pair) => (pair === null ? [] : [pair.a.type, pair.b.type])));
  const [first] = types;
  return types.size === 1 && (first === 'f16' || first === 'bf16') ? first : 'f32';
}

async function readMatrix(tensor: CheckpointTensor, factor: number, type: FloatType): Promise<Uint8Array> {
  const bytes = await tensor.read();
  if (tensor.type === type && factor === 1) return bytes;
  const values = decodeFloats(bytes, tensor.type);
  return encodeFloats(factor === 1 ? values : values.map((value) => value * factor), type);
}

/** B has the rows of the matrix it adapts, so it changes order with q and k; A has its columns and stays. */
function orderRows(matrix: Uint8Array, adapted: AdaptedTensor, type: FloatType, base: ModelFile): Uint8Array {
  const { metadata } = base.header;
  const architecture = textOf(metadata, 'general.architecture') ?? '';
  const side = /\.attn_(q|k)$/.exec(adapted.tensor)?.[1];
  if (side === undefined || !pairsHeadRows(architecture)) return matrix;
  const layer = Number(adapted.tensor.split('.')[1]);
  const counts = (key: string): readonly number[] | undefined =>
    numbersOf(metadata, `${architecture}.attention.${key}`);
  const queries = counts('head_count') ?? [];
  const heads = side === 'q' ? queries : (counts('head_count_kv') ?? queries);
  const rowBytes = adapted.rank * (type === 'f32' ? 4 : 2);
  return pairHeadRows(matrix, heads[layer] ?? heads[0] ?? 1, rowBytes);
}
