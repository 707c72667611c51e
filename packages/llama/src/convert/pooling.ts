import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConvertError } from './convert-error.ts';
import { JsonObject } from './json-object.ts';
import { readJson } from './model-folder.ts';

/** llama.cpp's numbers. */
const POOLING = { mean: 1, cls: 2, lasttoken: 3 } as const;

/**
 * How sentence-transformers pools the vectors of a model, from modules.json and the pooling module's folder;
 * null for models that are none of theirs. Throws ConvertError for a way that llama.cpp has not.
 */
export async function readPooling(folder: string): Promise<number | null> {
  const module = (await readModules(folder)).find((entry) => entry.text('type').endsWith('Pooling'));
  if (module === undefined) return null;
  const path = module.text('path');
  if (!/^[\w.-]+$/.test(path)) throw new ConvertError(`modules.json: ${path} is no folder of the model`);
  const config = await readJson(join(folder, path), 'config.json');
  if (config === null)
    throw new ConvertError(`modules.json names ${path}, but ${path}/config.json is not there`);
  const mode = config.optionalText('pooling_mode');
  const names = [
    ...(config.optionalFlag('pooling_mode_mean_tokens') ? ['mean'] : []),
    ...(config.optionalFlag('pooling_mode_cls_token') ? ['cls'] : []),
    ...(config.optionalFlag('pooling_mode_lasttoken') ? ['lasttoken'] : []),
    ...(mode === undefined ? [] : [mode]),
  ];
  const [name] = names;
  if (name !== undefined && name in POOLING) return POOLING[name as keyof typeof POOLING];
  throw new ConvertError(`${path}/config.json: only mean, cls and last-token pooling are supported`);
}

async function readModules(folder: string): Promise<JsonObject[]> {
  try {
    const modules: unknown = JSON.parse(await readFile(join(folder, 'modules.json'), 'utf8'));
    return new JsonObject('modules.json', { modules }).objects('modules');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    if (error instanceof SyntaxError) throw new ConvertError(`modules.json is not JSON: ${error.message}`);
    throw error;
  }
}
