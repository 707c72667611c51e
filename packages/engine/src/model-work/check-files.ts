import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelProblem } from './protocol.ts';

const WEIGHTS = /\.(?:safetensors|bin|gguf)$/;

/** The files that are at the top of a folder. */
export async function listFileNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .sort();
}

/** What is missing of a Hugging Face model, and which files are not what their names say. */
export async function checkModelFiles(folder: string, names: readonly string[]): Promise<ModelProblem[]> {
  const has = (name: string) => names.includes(name);
  const problems: ModelProblem[] = [];
  const complain = (file: string, message: string) => void problems.push({ file, message });
  if (!has('config.json')) complain('config.json', 'is missing: upload the model configuration');
  if (!['tokenizer.json', 'tokenizer.model', 'vocab.txt'].some(has)) {
    complain('tokenizer.json', 'is missing, and so is tokenizer.model: upload the tokenizer');
  }
  const weights = names.filter((name) => /\.(?:safetensors|bin)$/.test(name));
  const indexes = names.filter((name) => name.endsWith('.index.json'));
  if (weights.length === 0) {
    complain(
      'model.safetensors',
      'is missing, and there is no other *.safetensors or *.bin: upload the weights',
    );
  } else if (indexes.length === 0 && weights.every((name) => /-\d{5}-of-\d{5}\./.test(name))) {
    complain('model.safetensors.index.json', 'is missing: weights in several files need their index');
  }
  for (const index of indexes) problems.push(...(await checkIndex(folder, index, names)));
  return [...problems, ...(await checkPointers(folder, names))];
}

/** Finds files that stand for others: cards of Git LFS, links of a cache that were copied as text. */
export async function checkPointers(folder: string, names: readonly string[]): Promise<ModelProblem[]> {
  const problems: ModelProblem[] = [];
  for (const file of names.filter(
    (name) => WEIGHTS.test(name) || name.endsWith('.json') || name.endsWith('.model'),
  )) {
    const beginning = await readBeginning(join(folder, file));
    if (beginning.startsWith('version https://git-lfs')) {
      problems.push({
        file,
        message: 'is a Git LFS card, not the file itself; fetch it with "git lfs pull"',
      });
    } else if (/^(?:\.{0,2}\/)[\w./-]*blobs\/[0-9a-f]{40,64}\s*$/.test(beginning)) {
      const advice = 'download the model without symlinks (--local-dir) and upload that folder';
      problems.push({ file, message: `is a symbolic link, not the file itself; ${advice}` });
    } else if (beginning === '') {
      problems.push({ file, message: 'is empty' });
    }
  }
  return problems;
}

async function checkIndex(folder: string, file: string, names: readonly string[]): Promise<ModelProblem[]> {
  let map: unknown;
  try {
    map = (JSON.parse(await readFile(join(folder, file), 'utf8')) as { weight_map?: unknown }).weight_map;
  } catch {
    return [{ file, message: 'is not JSON' }];
  }
  if (typeof map !== 'object' || map === null) return [{ file, message: 'has no weight_map' }];
  const missing = [...new Set(Object.values(map).map(String))].filter((name) => !names.includes(name));
  const shown = missing
    .slice(0, 20)
    .map((name) => ({ file: name, message: `is named in ${file} and was not uploaded` }));
  return shown;
}

async function readBeginning(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead).toString('latin1');
  } finally {
    await file.close();
  }
}
