import koffi from 'koffi';
import { batchStruct } from './declarations/batch.ts';
import { contextParamsStruct } from './declarations/context.ts';
import { modelParamsStruct } from './declarations/model.ts';
import { quantizeParamsStruct } from './declarations/quantize.ts';

/** Every struct that crosses the border by value, under its C name. */
export const NATIVE_STRUCTS = {
  llama_model_params: modelParamsStruct,
  llama_context_params: contextParamsStruct,
  llama_batch: batchStruct,
  llama_model_quantize_params: quantizeParamsStruct,
} as const;

/**
 * sizeof of each on 64-bit platforms, as a C compiler sees the pinned llama.h (fixtures/struct-layout.json).
 */
export const NATIVE_STRUCT_SIZES: Readonly<Record<keyof typeof NATIVE_STRUCTS, number>> = {
  llama_model_params: 80,
  llama_context_params: 160,
  llama_batch: 56,
  llama_model_quantize_params: 64,
};

/** Names of the structs whose size here differs from the expected one. */
export function findWrongStructSizes(): string[] {
  return Object.entries(NATIVE_STRUCTS).flatMap(([name, struct]) => {
    const expected = NATIVE_STRUCT_SIZES[name as keyof typeof NATIVE_STRUCTS];
    const size = koffi.sizeof(struct);
    return size === expected ? [] : [`${name} is ${size} bytes instead of ${expected}`];
  });
}
