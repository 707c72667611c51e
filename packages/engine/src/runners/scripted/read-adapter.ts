import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AdapterError } from '../../core/adapter-error.ts';

const configName = 'adapter_config.json';
const weightNames = ['adapter_model.safetensors', 'adapter_model.bin'];

/**
 * What an adapter is made of: a file, or a PEFT folder's configuration and weights. There is no model that it
 * could fit, so only what every adapter has is asked for. Throws AdapterError with what is wrong.
 */
export async function readAdapter(id: string, path: string): Promise<Buffer> {
  try {
    if (!(await stat(path)).isDirectory()) return await readFile(path);
    const names = await readdir(path);
    const weights = weightNames.find((name) => names.includes(name));
    if (!names.includes(configName)) throw new Error(`the folder has no ${configName}`);
    if (weights === undefined) throw new Error(`the folder has no ${weightNames.join(' or ')}`);
    return Buffer.concat([await readFile(join(path, configName)), await readFile(join(path, weights))]);
  } catch (error) {
    const reason = (error as Error).message;
    throw new AdapterError(`Adapter ${id} cannot be read from ${path}: ${reason}. Check the path.`, {
      cause: error,
    });
  }
}
