import { ConvertError, checkModelConfigJson } from '@sparkler/llama';
import { Refusal } from './refusal.ts';

/** Checks whether a model with this config.json could be converted and served. Throws Refusal. */
export function checkModelConfig(config: string): void {
  try {
    checkModelConfigJson(config);
  } catch (error) {
    if (!(error instanceof ConvertError)) throw error;
    throw new Refusal([{ file: 'config.json', message: error.message.replace(/^config\.json:? ?/, '') }]);
  }
}
