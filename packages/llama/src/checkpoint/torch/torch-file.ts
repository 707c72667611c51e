import { type FileHandle, open } from 'node:fs/promises';
import {
  type Checkpoint,
  CheckpointError,
  type CheckpointTensor,
  type CheckpointType,
  countElements,
  ELEMENT_BYTES,
} from '../checkpoint.ts';
import { readBytes } from '../file-bytes.ts';
import { isRecord, type PickleValue, unpickle } from './unpickle.ts';
import { listZipEntries, type ZipEntry } from './zip-entries.ts';

const STORAGE_TYPES: Readonly<Record<string, CheckpointType>> = {
  'torch.DoubleStorage': 'f64',
  'torch.FloatStorage': 'f32',
  'torch.HalfStorage': 'f16',
  'torch.BFloat16Storage': 'bf16',
  'torch.LongStorage': 'i64',
  'torch.IntStorage': 'i32',
  'torch.ShortStorage': 'i16',
  'torch.CharStorage': 'i8',
  'torch.ByteStorage': 'u8',
  'torch.BoolStorage': 'bool',
};

const PICKLE_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Opens a state dict written by torch.save (`.bin`, `.pt`). Nothing of the pickle is executed; a file that
 * holds anything but named tensors is refused. Throws CheckpointError.
 */
export async function openTorchFile(path: string): Promise<Checkpoint> {
  const file = await open(path, 'r');
  try {
    const entries = await listZipEntries(file, path);
    const pickle = [...entries.values()].find((entry) => /(^|\/)data\.pkl$/.test(entry.name));
    if (pickle === undefined || pickle.bytes > PICKLE_BYTES_MAX) {
      throw new CheckpointError(`${path} holds no data.pkl of torch.save`);
    }
    const folder = pickle.name.slice(0, -'data.pkl'.length);
    const bytes = await readEntry(file, pickle);
    const tensors = new Map<string, CheckpointTensor>();
    for (const [name, value] of stateDictItems(unpickle(bytes), path)) {
      tensors.set(name, describeTensor(file, path, entries, folder, name, value));
    }
    return { tensors, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error instanceof CheckpointError ? new CheckpointError(prefixPath(path, error.message)) : error;
  }
}

function prefixPath(path: string, message: string): string {
  return message.startsWith(path) ? message : `${path}: ${message}`;
}

function stateDictItems(root: PickleValue, path: string): [string, PickleValue][] {
  const items = root instanceof Map ? root : isRecord(root, 'call') ? root.items : null;
  const isDict = root instanceof Map || (isRecord(root, 'call') && root.callee === 'collections.OrderedDict');
  if (items === null || !isDict) throw new CheckpointError(`${path} holds no state dict`);
  return [...items].map(([name, value]) => {
    if (typeof name !== 'string') throw new CheckpointError(`${path} has an entry without a name`);
    return [name, value];
  });
}

function describeTensor(
  file: FileHandle,
  path: string,
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
  name: string,
  value: PickleValue,
): CheckpointTensor {
  const fail = (problem: string): never => {
    throw new CheckpointError(`${path}: ${name} ${problem}`);
  };
  const call = unwrapParameter(value);
  if (!isRecord(call, 'call') || call.callee !== 'torch._utils._rebuild_tensor_v2')
    return fail('is not a plain tensor');
  const [storage, start, shape, stride] = call.args;
  const parts =
    isRecord(storage, 'persistent') && Array.isArray(storage.id) ? storage.id : fail('has no storage');
  const [, storageType, key] = parts;
  const typeName = isRecord(storageType, 'global') ? storageType.name : 'unknown';
  const type = STORAGE_TYPES[typeName] ?? fail(`is a ${typeName}, which is not supported`);
  const entry =
    entries.get(`${folder}data/${String(key)}`) ?? fail(`refers to the missing entry ${String(key)}`);
  if (!areSizes(shape) || !areSizes(stride) || !areSizes([start])) return fail('has no shape');
  if (!isContiguous(shape, stride))
    fail(`[${shape}] is stored with strides [${stride}]; save a contiguous copy`);
  const offset = Number(start) * ELEMENT_BYTES[type];
  const bytes = countElements(shape) * ELEMENT_BYTES[type];
  if (offset + bytes > entry.bytes)
    fail(`[${shape}] as ${type} needs ${offset + bytes} bytes, there are ${entry.bytes}`);
  return {
    name,
    shape,
    type,
    read: () => readEntry(file, { ...entry, offset: entry.offset + offset, bytes }),
  };
}

/** A parameter is a tensor in a wrapper. */
function unwrapParameter(value: PickleValue): PickleValue {
  if (isRecord(value, 'call') && value.callee === 'torch._utils._rebuild_parameter')
    return value.args[0] ?? null;
  return value;
}

function areSizes(value: readonly (PickleValue | undefined)[] | PickleValue | undefined): value is number[] {
  return (
    Array.isArray(value) &&
    value.every((size) => typeof size === 'number' && Number.isSafeInteger(size) && size >= 0)
  );
}

function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let index = shape.length - 1; index >= 0; index--) {
    if (shape[index] !== 1 && stride[index] !== expected) return false;
    expected *= shape[index]!;
  }
  return shape.length === stride.length;
}

async function readEntry(file: FileHandle, entry: ZipEntry): Promise<Uint8Array> {
  const bytes = await readBytes(file, entry.offset, entry.bytes);
  if (bytes.length < entry.bytes) throw new CheckpointError(`the entry ${entry.name} is cut off`);
  return bytes;
}
