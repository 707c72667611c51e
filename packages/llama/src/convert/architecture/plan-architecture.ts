import { ConvertError } from '../convert-error.ts';
import type { JsonObject } from '../json-object.ts';
import { planDecoder } from './decoder.ts';
import { DECODER_FAMILIES } from './decoder-families.ts';
import { ENCODERS, planEncoder } from './encoder.ts';
import type { ArchitecturePlan } from './plan.ts';

/** Names of the Hugging Face model classes that are converted. */
export const SUPPORTED_CLASSES: readonly string[] = [...Object.keys(DECODER_FAMILIES), ...ENCODERS];

/**
 * Plans the conversion of a model by its class. Throws ConvertError naming the class that is not supported.
 */
export function planArchitecture(config: JsonObject): ArchitecturePlan {
  const quantization = config.optionalObject('quantization_config');
  if (quantization !== undefined) {
    const method = quantization.optionalText('quant_method') ?? 'unknown';
    throw new ConvertError(
      `the checkpoint is quantized already (${method}); convert the original one and quantize that`,
    );
  }
  const [className] = (config.optionalArray('architectures') ?? []).map(String);
  const family = DECODER_FAMILIES[className ?? ''];
  if (family !== undefined) return planDecoder(config, family);
  if (className !== undefined && ENCODERS.has(className)) return planEncoder(config, className);
  throw new ConvertError(
    `models of the class ${className ?? 'unknown'} are not converted; supported are ${SUPPORTED_CLASSES.join(', ')}. ` +
      `Upload it as GGUF if llama.cpp knows it, or serve it by an engine that does, such as vLLM.`,
  );
}
