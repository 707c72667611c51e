import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Checkpoint, CheckpointTensor } from '../checkpoint/checkpoint.ts';
import { decodeFloats, encodeFloats, type FloatType } from '../checkpoint/floats.ts';
import { openCheckpointFolder } from '../checkpoint/open-checkpoint.ts';
import { checkModelFile } from '../gguf/check-model.ts';
import { findMissingPhi3Token, looksLikePhi3 } from '../gguf/phi3-name.ts';
import { type GgufValue, string, uint32 } from '../gguf/value.ts';
import { type TensorToWrite, writeGguf } from '../gguf/writer.ts';
import type { ArchitecturePlan, TensorPlace } from './architecture/plan.ts';
import { planArchitecture } from './architecture/plan-architecture.ts';
import { ConvertError } from './convert-error.ts';
import { pairHeadRows } from './head-order.ts';
import { type ModelFolder, readModelFolder } from './model-folder.ts';
import { readPooling } from './pooling.ts';
import { describeVocabulary } from './vocabulary/describe-vocabulary.ts';

export interface ConvertOptions {
  /** A Hugging Face model folder: config.json, tokenizer, safetensors or PyTorch weights. */
  readonly folder: string;
  readonly target: string;
  /** Type of the matrices; by default that of the checkpoint. */
  readonly type?: FloatType | undefined;
  /** The model's name in the file; by default the folder's. */
  readonly name?: string | undefined;
}

export interface ConvertedModel {
  readonly architecture: string;
  readonly tensors: number;
  readonly bytes: number;
}

/** A tensor of the checkpoint and where it goes. */
interface PlacedTensor {
  readonly tensor: CheckpointTensor;
  readonly place: TensorPlace;
}

/** llama.cpp's numbers for files whose matrices have that type. */
const FILE_TYPES: Readonly<Record<FloatType, number>> = { f32: 0, f16: 1, bf16: 32 };

/** A GGUF file before it is written: of the weights only headers have been read. */
export interface PlannedModel {
  readonly architecture: string;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly TensorToWrite[];
  /** Closes the checkpoint, from which the data is read. */
  close(): Promise<void>;
}

/**
 * Plans the conversion of a Hugging Face model folder. Throws ConvertError and CheckpointError with what is
 * not supported or missing.
 */
export async function planModelFolder(options: Omit<ConvertOptions, 'target'>): Promise<PlannedModel> {
  const folder = await readModelFolder(options.folder);
  const plan = planArchitecture(folder.config);
  const checkpoint = await openCheckpointFolder(options.folder, ['model', 'pytorch_model']);
  try {
    const placed = placeTensors(checkpoint, plan);
    const embedding = placed.find(({ place }) => place.name === 'token_embd.weight');
    const type = options.type ?? keepType(embedding!.tensor);
    const vocabulary = describeVocabulary(folder, embedding!.tensor.shape[0] ?? 0, plan.tokenTypes);
    const metadata = new Map<string, GgufValue>([
      ['general.architecture', string(plan.architecture)],
      ['general.type', string('model')],
      ['general.name', string(deriveName(options.name ?? basename(options.folder), folder, vocabulary))],
      ['general.file_type', uint32(FILE_TYPES[type])],
      ...plan.metadata,
      ...(await describePooling(options.folder, plan)),
      ...vocabulary,
    ]);
    const tensors = [...plan.extra, ...placed.map((entry) => describeTensor(entry, type))];
    return { architecture: plan.architecture, metadata, tensors, close: () => checkpoint.close() };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

/**
 * Converts a Hugging Face model folder to GGUF. One tensor is in memory at a time. The target appears
 * complete and checked, or not at all. Throws ConvertError, CheckpointError, GgufError with what is not
 * supported or missing.
 */
export async function convertModelFolder(options: ConvertOptions): Promise<ConvertedModel> {
  const { architecture, metadata, tensors, close } = await planModelFolder(options);
  const partial = `${options.target}.partial`;
  try {
    const { bytes } = await writeGguf(partial, metadata, tensors);
    await checkModelFile(partial);
    await rename(partial, options.target);
    return { architecture, tensors: tensors.length, bytes };
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await close();
  }
}

/**
 * llama.cpp tells by the name alone whether spaces after special tokens are dropped, as Phi-3's tokenizer
 * does: the name has to say so exactly for those models.
 */
function deriveName(
  name: string,
  { tokenizer }: ModelFolder,
  vocabulary: readonly (readonly [string, GgufValue])[],
): string {
  const value = vocabulary.find(([key]) => key === 'tokenizer.ggml.tokens')?.[1].value;
  const tokens = Array.isArray(value) ? (value as string[]) : [];
  const added = tokenizer?.objects('added_tokens') ?? [];
  const strips = added.some(
    (token) => token.optionalText('content') === '</s>' && token.optionalFlag('rstrip'),
  );
  if (strips && findMissingPhi3Token(tokens) === undefined)
    return looksLikePhi3(name) ? name : `${name} (phi-3)`;
  return name.replace(/phi-?3/gi, 'phi 3');
}

function placeTensors(checkpoint: Checkpoint, plan: ArchitecturePlan): PlacedTensor[] {
  const placed = [...checkpoint.tensors.values()].flatMap((tensor) => {
    const place = plan.place(tensor.name);
    if (place === undefined) {
      throw new ConvertError(`the weight ${tensor.name} has no place in a ${plan.architecture} model`);
    }
    return place === null ? [] : [{ tensor, place }];
  });
  const names = new Set(placed.map(({ place }) => place.name));
  const missing = plan.required.find((name) => !names.has(name));
  if (missing !== undefined)
    throw new ConvertError(`the checkpoint lacks the weight that becomes ${missing}`);
  return placed;
}

function keepType({ type, name }: CheckpointTensor): FloatType {
  if (type === 'f16' || type === 'bf16' || type === 'f32') return type;
  throw new ConvertError(`the weight ${name} is ${type}; only f32, f16 and bf16 checkpoints are converted`);
}

async function describePooling(folder: string, plan: ArchitecturePlan): Promise<[string, GgufValue][]> {
  const key = `${plan.architecture}.pooling_type`;
  if (plan.metadata.some(([name]) => name === key)) return [];
  const pooling = await readPooling(folder);
  return pooling === null ? [] : [[key, uint32(pooling)]];
}

function describeTensor({ tensor, place }: PlacedTensor, type: FloatType): TensorToWrite {
  const shape = changeShape(tensor.shape, place);
  // llama.cpp wants norms, biases and segment embeddings in full precision.
  const target = shape.length < 2 || place.name === 'token_types.weight' ? 'f32' : type;
  return {
    name: place.name,
    shape: shape.toReversed(),
    type: target,
    data: async () => changeData(await tensor.read(), tensor, place, target),
  };
}

function changeShape(shape: readonly number[], { change }: TensorPlace): readonly number[] {
  if (change?.kind !== 'skip-rows') return shape;
  const [rows = 0, ...rest] = shape;
  return [rows - change.rows, ...rest];
}

function changeData(
  bytes: Uint8Array,
  tensor: CheckpointTensor,
  { change }: TensorPlace,
  target: FloatType,
): Uint8Array {
  const rowBytes = bytes.length / (tensor.shape[0] ?? 1);
  const moved =
    change?.kind === 'pair-rows'
      ? pairHeadRows(bytes, change.heads, rowBytes)
      : change?.kind === 'skip-rows'
        ? bytes.subarray(change.rows * rowBytes)
        : bytes;
  if (change?.kind === 'plus-one') {
    return encodeFloats(
      decodeFloats(moved, tensor.type).map((value) => value + 1),
      target,
    );
  }
  return tensor.type === target ? moved : encodeFloats(decodeFloats(moved, tensor.type), target);
}
