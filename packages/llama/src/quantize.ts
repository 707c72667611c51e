import { rename, rm, stat } from 'node:fs/promises';
import { checkModelFile } from './gguf/check-model.ts';
import { LlamaError } from './llama-error.ts';
import { callAsync } from './native/bind.ts';
import type { LlamaLibrary } from './native/library.ts';
import { describeFailure } from './native/native-log.ts';

/**
 * Precisions a model file can be brought to, by llama.cpp's numbers. Those that need an importance matrix are
 * left out.
 */
export const QUANTIZATIONS = {
  F32: 0,
  F16: 1,
  BF16: 32,
  Q8_0: 7,
  Q6_K: 18,
  Q5_K_M: 17,
  Q5_K_S: 16,
  Q5_1: 9,
  Q5_0: 8,
  Q4_K_M: 15,
  Q4_K_S: 14,
  Q4_1: 3,
  Q4_0: 2,
  IQ4_NL: 25,
  IQ4_XS: 30,
  Q3_K_L: 13,
  Q3_K_M: 12,
  Q3_K_S: 11,
  Q2_K: 10,
} as const;

export type Quantization = keyof typeof QUANTIZATIONS;

export interface QuantizeOptions {
  readonly source: string;
  readonly target: string;
  readonly to: Quantization;
  readonly threads: number;
  /** Also start from a file that is quantized already, losing twice. Refused otherwise. */
  readonly allowRequantize?: boolean | undefined;
}

/**
 * Writes a copy of a model in another precision, without blocking the event loop. The target appears complete
 * or not at all. Rows that do not divide into a type's blocks get the nearest type that fits. Throws
 * GgufError, LlamaError.
 */
export async function quantizeModelFile(
  library: LlamaLibrary,
  options: QuantizeOptions,
): Promise<{ bytes: number }> {
  const { source, target, to, threads, allowRequantize = false } = options;
  await checkModelFile(source);
  const partial = `${target}.partial`;
  const params = {
    ...library.quantize.defaultParams(),
    nthread: threads,
    ftype: QUANTIZATIONS[to],
    allow_requantize: allowRequantize,
  };
  const { result, lines } = await library.log.capture(() =>
    callAsync(library.quantize.quantize, source, partial, params),
  );
  if (result !== 0) {
    await rm(partial, { force: true });
    throw new LlamaError(describeFailure(`llama.cpp cannot quantize ${source} to ${to}`, lines));
  }
  await rename(partial, target);
  return { bytes: (await stat(target)).size };
}
