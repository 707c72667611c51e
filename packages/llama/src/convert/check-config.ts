import { planArchitecture } from './architecture/plan-architecture.ts';
import { ConvertError } from './convert-error.ts';
import { JsonObject } from './json-object.ts';

/** Checks the text of a config.json: whether a model with it could be converted. Throws ConvertError. */
export function checkModelConfigJson(text: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConvertError(`config.json is not JSON: ${(error as Error).message}`);
  }
  planArchitecture(JsonObject.from('config.json', value));
}
