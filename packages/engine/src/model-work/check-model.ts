import { join } from 'node:path';
import {
  checkModelFile,
  checkPlannedModel,
  type ModelFile,
  numberOf,
  planModelFolder,
  textOf,
} from '@sparkler/llama';
import { checkModelFiles, checkPointers, listFileNames } from './check-files.ts';
import type { BaseFiles, ModelFacts } from './protocol.ts';
import { Refusal } from './refusal.ts';

/**
 * Checks all files of a base model and tells what it is. Throws Refusal and the errors of the file formats.
 */
export async function checkModel(folder: string, name: string): Promise<ModelFacts> {
  const names = await listFileNames(folder);
  const ggufs = names.filter((file) => file.endsWith('.gguf'));
  if (ggufs.length > 0) return checkGgufFolder(folder, ggufs);
  const problems = await checkModelFiles(folder, names);
  if (problems.length > 0) throw new Refusal(problems);
  const plan = await planModelFolder({ folder, name });
  try {
    const model = checkPlannedModel(plan.metadata, plan.tensors);
    return { format: 'hugging-face', file: null, ...describe(model) };
  } finally {
    await plan.close();
  }
}

async function checkGgufFolder(folder: string, files: readonly string[]): Promise<ModelFacts> {
  const problems = await checkPointers(folder, files);
  if (problems.length > 0) throw new Refusal(problems);
  const [file = ''] = files;
  const isSplit = /-00001-of-\d{5}\.gguf$/.test(file);
  if (files.length > 1 && !isSplit) {
    throw new Refusal([{ file: files[1] ?? '', message: `is a second model beside ${file}; upload one` }]);
  }
  return { format: 'gguf', file, ...describe(await checkModelFile(join(folder, file))) };
}

/** Opens the headers of a base model, whichever form it has. */
export async function readBase({ path, format }: BaseFiles): Promise<ModelFile> {
  if (format === 'gguf') return checkModelFile(path);
  const plan = await planModelFolder({ folder: path });
  try {
    return checkPlannedModel(plan.metadata, plan.tensors);
  } finally {
    await plan.close();
  }
}

function describe({ header, tensors }: ModelFile): Omit<ModelFacts, 'format' | 'file'> {
  const { metadata } = header;
  const architecture = textOf(metadata, 'general.architecture') ?? '';
  const all = [...tensors.values()];
  const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  const largest = all.reduce((best, tensor) => (tensor.bytes > best.bytes ? tensor : best), all[0]!);
  return {
    architecture,
    parameterCount: all.reduce((sum, tensor) => sum + elements(tensor.shape), 0),
    contextLength: numberOf(metadata, `${architecture}.context_length`) ?? 0,
    hasChatTemplate: textOf(metadata, 'tokenizer.chat_template') !== undefined,
    isEmbedding: numberOf(metadata, `${architecture}.pooling_type`) !== undefined,
    isMoe: (numberOf(metadata, `${architecture}.expert_count`) ?? 0) > 0,
    weightType: largest.type.name,
  };
}
