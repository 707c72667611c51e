import { openAdapterFile } from '../adapter.ts';
import type { ModelFile } from '../gguf/check-model.ts';
import { type LlamaModel, type ModelOptions, openLlamaModelFile } from '../model.ts';
import type { LlamaLibrary } from '../native/library.ts';
import { openScratchFile, type ScratchFile } from './scratch-file.ts';
import { findAffineMatrices, writeSymmetricCopy } from './write-symmetric-copy.ts';

export interface ServedModel {
  readonly model: LlamaModel;
  /** Why weights that could be laid out anew are not; null: they are, or there is nothing to gain. */
  readonly repackProblem: string | null;
}

/**
 * Opens a checked model for serving. Where processors compute and the file has matrices without kernels for
 * many rows (Q4_1), a symmetric copy of it is opened instead, written for a moment into the folder for
 * temporary files: it takes about as much memory, and batches and prompts take a half to a third of the time.
 * Where it can't be written, the file is served as it is. Throws LlamaError.
 */
export async function openServedModel(
  library: LlamaLibrary,
  file: ModelFile,
  options: ModelOptions,
): Promise<ServedModel> {
  const asStored = async (repackProblem: string | null) => ({
    model: await openLlamaModelFile(library, options),
    repackProblem,
  });
  if (options.repack === false || !hasBatchKernels(library, options)) return asStored(null);
  if (findAffineMatrices(file).length === 0) return asStored(null);
  const scratch: ScratchFile[] = [];
  try {
    const problem = await writeCopy(scratch, file, options).catch(explain);
    const [weights, offsets] = scratch;
    if (problem !== null || weights === undefined || offsets === undefined) return await asStored(problem);
    const onProgress = secondHalf(options.onProgress);
    const loading = { ...options, path: weights.path, shownPath: options.path, copied: true, onProgress };
    const model = await openLlamaModelFile(library, loading);
    model.correct(await openCorrection(model, offsets.path));
    return { model, repackProblem: null };
  } finally {
    for (const made of scratch) await made.dispose();
  }
}

/** Fills `scratch` with the weights and the offsets. */
async function writeCopy(
  scratch: ScratchFile[],
  file: ModelFile,
  { path, onProgress }: ModelOptions,
): Promise<null> {
  const weights = await openScratchFile();
  scratch.push(weights);
  const offsets = await openScratchFile();
  scratch.push(offsets);
  const tell = (fraction: number) => onProgress?.(fraction / 2);
  await writeSymmetricCopy(path, file, { model: weights.path, correction: offsets.path }, tell);
  return null;
}

function secondHalf(onProgress: ModelOptions['onProgress']): ModelOptions['onProgress'] {
  return onProgress && ((fraction) => onProgress(0.5 + fraction / 2));
}

async function openCorrection(model: LlamaModel, path: string) {
  try {
    return await openAdapterFile(model, path);
  } catch (error) {
    model.close();
    throw error;
  }
}

function explain(error: Error): string {
  return `weights are served as the file has them, which is slower in batches: ${error.message}`;
}

/** Whether processors do all the work, and have what Q4_0 is repacked for. */
function hasBatchKernels(library: LlamaLibrary, { gpuLayers = -1 }: ModelOptions): boolean {
  const onProcessors = gpuLayers === 0 || library.devices.every(({ type }) => type === 'cpu');
  const told = library.system.systemInfo();
  return onProcessors && /\bREPACK = 1\b/.test(told) && /\b(AVX2|DOTPROD|MATMUL_INT8) = 1\b/.test(told);
}
