import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAdapterFile } from '../adapter.ts';
import type { ModelFile } from '../gguf/check-model.ts';
import { type LlamaModel, type ModelOptions, openLlamaModelFile } from '../model.ts';
import type { LlamaLibrary } from '../native/library.ts';
import { findAffineMatrices, writeSymmetricCopy } from './write-symmetric-copy.ts';

export interface ServedModel {
  readonly model: LlamaModel;
  /** Why weights that could be laid out anew are not; null: they are, or there is nothing to gain. */
  readonly repackProblem: string | null;
}

/**
 * Opens a checked model for serving. Where processors compute and the file has matrices without kernels for
 * many rows (Q4_1), a symmetric copy of it is opened instead, written for a moment into the folder for
 * temporary files: it takes as much memory, and decodes with two and more rows in half of the time. Where it
 * can't be written, the file is served as it is.
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
  const folder = await makeFolder();
  if (folder instanceof Error) return asStored(explain(folder));
  try {
    const { path, onProgress } = options;
    const half = (from: number) => onProgress && ((part: number) => onProgress(from + part / 2));
    const copy = await writeSymmetricCopy(path, file, folder, half(0)).catch((error: Error) => error);
    if (copy instanceof Error) return await asStored(explain(copy));
    const loading = { ...options, path: copy.model, shownPath: path, onProgress: half(0.5) };
    const model = await openLlamaModelFile(library, loading);
    model.correct(await openCorrection(model, copy.correction));
    return { model, repackProblem: null };
  } finally {
    // What is still mapped of it stays readable.
    await rm(folder, { recursive: true, force: true });
  }
}

function makeFolder(): Promise<string | Error> {
  return mkdtemp(join(tmpdir(), 'sparkler-weights-')).catch((error: Error) => error);
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
