import { pathToFileURL } from 'node:url';
import type { OpenModel } from '../core/model-runner.ts';
import type { Script } from '../runners/scripted/scripts.ts';
import { type EngineFlags, FlagError } from './engine-flags.ts';

/** Capacity when the flags do not say. */
const defaults = { cellsMax: 8192, sequencesMax: 32, batchTokensMax: 512 };

export interface LoadListeners {
  /** Called as a large file is read; 0 to 1. */
  readonly onProgress?: (fraction: number) => void;
  /** Called when another thread has begun to read it: time for other work. */
  readonly onReading?: () => void;
}

/** Opens the model that the flags name. Runners are imported only when used: one needs no native library. */
export async function openModel(flags: EngineFlags, listeners: LoadListeners): Promise<OpenModel> {
  if (flags.runner === 'scripted') {
    const { openScriptedModel } = await import('../runners/scripted/open-scripted-model.ts');
    const capacity = resolveCapacity(flags);
    return openScriptedModel({
      limits: { ...capacity, contextTokensMax: capacity.cellsMax },
      ...(flags.scriptPath === null ? {} : await importScript(flags.scriptPath)),
    });
  }
  return openLlama(flags, flags.modelPath!, listeners);
}

/**
 * The smaller model that guesses ahead, with the capacity of the served one: it follows the same sequences.
 */
export async function openDraftModel(flags: EngineFlags, path: string): Promise<OpenModel> {
  return openLlama(flags, path, {});
}

function resolveCapacity(flags: EngineFlags) {
  return {
    cellsMax: flags.cellsMax ?? defaults.cellsMax,
    sequencesMax: flags.sequencesMax ?? defaults.sequencesMax,
    batchTokensMax: flags.batchTokensMax ?? defaults.batchTokensMax,
  };
}

async function openLlama(flags: EngineFlags, path: string, listeners: LoadListeners): Promise<OpenModel> {
  const { openLlamaModel } = await import('../runners/llama-cpp/index.ts');
  return openLlamaModel({
    ...resolveCapacity(flags),
    path,
    embeddingTokensMax: flags.embeddingTokensMax ?? undefined,
    threads: flags.threads,
    backend: flags.backend,
    flashAttention: flags.flashAttention,
    repack: flags.repack,
    ...listeners,
    ...(flags.gpuLayers === null ? {} : { gpuLayers: flags.gpuLayers }),
    ...(flags.cacheType === null ? {} : { cacheType: flags.cacheType }),
    ...(flags.pooling === null || path !== flags.modelPath ? {} : { pooling: flags.pooling }),
  });
}

/** Longest input to embed; the runner's own default unless the flag says otherwise. */
export function resolveEmbeddingTokens(flags: EngineFlags, contextTokensMax: number): number {
  return flags.embeddingTokensMax ?? Math.min(contextTokensMax, 2048);
}

/** What a script module exports: `script`, and `stepMs` if its steps take time. */
interface ScriptModule {
  readonly script: Script;
  readonly stepMs?: (rows: number) => number;
}

async function importScript(path: string): Promise<ScriptModule> {
  const { script, stepMs } = (await import(pathToFileURL(path).href)) as Partial<ScriptModule>;
  if (typeof script !== 'function')
    throw new FlagError(`--script ${path} exports no function named 'script'`);
  return typeof stepMs === 'function' ? { script, stepMs } : { script };
}
