import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, CheckpointError, type CheckpointTensor } from './checkpoint.ts';
import { openSafetensors } from './safetensors.ts';
import { openTorchFile } from './torch/torch-file.ts';

/** How a base name is stored, best first: one file, or shards with an index that maps tensors to them. */
const FORMATS = [
  { ending: '.safetensors', openFile: openSafetensors },
  { ending: '.bin', openFile: openTorchFile },
] as const;

/**
 * Opens the tensors of a Hugging Face folder: `<name>.safetensors` or `<name>.bin` for one of the names, or
 * their shards. Throws CheckpointError when there is none, or when a shard is missing.
 */
export async function openCheckpointFolder(folder: string, names: readonly string[]): Promise<Checkpoint> {
  for (const { ending, openFile } of FORMATS) {
    for (const name of names) {
      const single = join(folder, name + ending);
      if (existsSync(single)) return await openFile(single);
      const index = `${single}.index.json`;
      if (existsSync(index)) return await openShards(folder, index, openFile);
    }
  }
  const wanted = names.flatMap((name) => FORMATS.map(({ ending }) => name + ending));
  throw new CheckpointError(`${folder} holds none of ${wanted.join(', ')}`);
}

async function openShards(
  folder: string,
  index: string,
  openFile: (path: string) => Promise<Checkpoint>,
): Promise<Checkpoint> {
  const files = await readShardNames(index);
  const shards: Checkpoint[] = [];
  const close = async (): Promise<void> => {
    for (const shard of shards) await shard.close();
  };
  try {
    const tensors = new Map<string, CheckpointTensor>();
    for (const file of files) {
      if (!existsSync(join(folder, file)))
        throw new CheckpointError(`${index} names ${file}, which is not there`);
      const shard = await openFile(join(folder, file));
      shards.push(shard);
      for (const [name, tensor] of shard.tensors) tensors.set(name, tensor);
    }
    return { tensors, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function readShardNames(index: string): Promise<Set<string>> {
  const { weight_map: map } = await readIndex(index);
  const files = new Set(Object.values(map ?? {}).map(String));
  // A name that leaves the folder would read some other file of the machine.
  const wrong = [...files].find((file) => !/^[\w.-]+$/.test(file));
  if (files.size === 0 || wrong !== undefined) {
    throw new CheckpointError(`${index} has no usable weight_map${wrong === undefined ? '' : ` (${wrong})`}`);
  }
  return files;
}

async function readIndex(index: string): Promise<{ weight_map?: Record<string, unknown> }> {
  try {
    return JSON.parse(await readFile(index, 'utf8')) as { weight_map?: Record<string, unknown> };
  } catch (error) {
    if (error instanceof SyntaxError) throw new CheckpointError(`${index} is not JSON: ${error.message}`);
    throw error;
  }
}
