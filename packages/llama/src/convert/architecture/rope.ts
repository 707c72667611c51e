import { encodeFloats } from '../../checkpoint/floats.ts';
import { float32, type GgufValue, string, uint32 } from '../../gguf/value.ts';
import type { TensorToWrite } from '../../gguf/writer.ts';
import { ConvertError } from '../convert-error.ts';
import { JsonObject } from '../json-object.ts';

/** Rotary positions of a model: keys and tensors to write. */
export interface RopePlan {
  readonly metadata: readonly (readonly [string, GgufValue])[];
  readonly tensors: readonly TensorToWrite[];
}

/**
 * Reads the rotary settings: `rope_parameters` in configurations of transformers 5, `rope_theta` and
 * `rope_scaling` before. Throws ConvertError for a scaling that llama.cpp does not compute.
 */
export function planRope(config: JsonObject, architecture: string, rotarySize: number): RopePlan {
  const parameters = readRopeParameters(config);
  const theta = parameters.optionalNumber('rope_theta') ?? config.optionalNumber('rope_theta') ?? 10_000;
  const type = (
    parameters.optionalText('rope_type') ??
    parameters.optionalText('type') ??
    'default'
  ).toLowerCase();
  const key = (name: string): string => `${architecture}.rope.${name}`;
  const base = [key('freq_base'), float32(theta)] as const;
  const scaling = (name: string, ...more: (readonly [string, GgufValue])[]): RopePlan => ({
    metadata: [base, [key('scaling.type'), string(name)], ...more],
    tensors: [],
  });
  switch (type) {
    case 'default':
      return { metadata: [base], tensors: [] };
    case 'linear':
      return scaling('linear', [key('scaling.factor'), float32(parameters.number('factor'))]);
    case 'yarn':
      return scaling('yarn', ...describeYarn(parameters, config, key));
    case 'llama3':
      return { metadata: [base], tensors: [makeLlama3Factors(parameters, theta, rotarySize)] };
    case 'su':
    case 'longrope':
      return { ...planLongRope(parameters, config, architecture, rotarySize, base) };
    default:
      throw new ConvertError(`config.json: rope_scaling of the type ${type} is not supported`);
  }
}

/** The settings of global attention; local layers of Gemma 3 have settings of their own. */
export function readRopeParameters(config: JsonObject): JsonObject {
  const parameters = config.optionalObject('rope_parameters') ?? config.optionalObject('rope_scaling');
  return parameters?.optionalObject('full_attention') ?? parameters ?? new JsonObject('config.json', {});
}

function describeYarn(
  parameters: JsonObject,
  config: JsonObject,
  key: (name: string) => string,
): (readonly [string, GgufValue])[] {
  const original =
    parameters.optionalNumber('original_max_position_embeddings') ?? config.number('max_position_embeddings');
  const optional = [
    ['extrapolation_factor', 'yarn_ext_factor'],
    ['attention_factor', 'yarn_attn_factor'],
    ['beta_fast', 'yarn_beta_fast'],
    ['beta_slow', 'yarn_beta_slow'],
  ] as const;
  return [
    [key('scaling.factor'), float32(parameters.number('factor'))],
    [key('scaling.original_context_length'), uint32(original)],
    ...optional.flatMap(([field, name]) => {
      const value = parameters.optionalNumber(field);
      return value === undefined ? [] : [[key(`scaling.${name}`), float32(value)] as const];
    }),
  ];
}

/** Llama 3.1's scaling: slow frequencies are stretched, fast ones kept, those between blended. */
function makeLlama3Factors(parameters: JsonObject, theta: number, rotarySize: number): TensorToWrite {
  const factor = parameters.optionalNumber('factor') ?? 8;
  const low = parameters.optionalNumber('low_freq_factor') ?? 1;
  const high = parameters.optionalNumber('high_freq_factor') ?? 4;
  const original = parameters.optionalNumber('original_max_position_embeddings') ?? 8192;
  const factors = Array.from({ length: rotarySize / 2 }, (_, index) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * index) / rotarySize);
    if (wavelength < original / high) return 1;
    if (wavelength > original / low) return factor;
    const smooth = (original / wavelength - low) / (high - low);
    return 1 / ((1 - smooth) / factor + smooth);
  });
  return vector('rope_freqs.weight', factors);
}

/** Phi-3's long context: one set of factors for short inputs, one for long. */
function planLongRope(
  parameters: JsonObject,
  config: JsonObject,
  architecture: string,
  rotarySize: number,
  base: readonly [string, GgufValue],
): RopePlan {
  const max = config.number('max_position_embeddings');
  const original =
    config.optionalNumber('original_max_position_embeddings') ??
    parameters.number('original_max_position_embeddings');
  const scale = max / original;
  const attention = scale > 1 ? Math.sqrt(1 + Math.log(scale) / Math.log(original)) : 1;
  const factors = (field: string): number[] => {
    const values = (parameters.optionalArray(field) ?? []).map(Number);
    if (values.length === rotarySize / 2) return values;
    throw new ConvertError(`config.json: ${field} has ${values.length} factors, not ${rotarySize / 2}`);
  };
  return {
    metadata: [
      base,
      [`${architecture}.rope.scaling.original_context_length`, uint32(original)],
      [`${architecture}.rope.scaling.attn_factor`, float32(attention)],
    ],
    tensors: [
      vector('rope_factors_long.weight', factors('long_factor')),
      vector('rope_factors_short.weight', factors('short_factor')),
    ],
  };
}

function vector(name: string, values: readonly number[]): TensorToWrite {
  return { name, shape: [values.length], type: 'f32', data: () => encodeFloats(values, 'f32') };
}
