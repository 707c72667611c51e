import { pathToFileURL } from 'node:url';
import type { OpenModel } from '../core/model-runner.ts';
import type { Script } from '../runners/scripted/scripts.ts';
import { type EngineFlags, FlagError } from './engine-flags.ts';

/** Capacity when the flags do not say. */
const defaults = { cellsMax: 8192, sequencesMax: 32, batchTokensMax: 512 };

/** Opens the model that the flags name. Runners are imported only when used: one needs no native library. */
export async function openModel(
  flags: EngineFlags,
  onProgress: (fraction: number) => void,
): Promise<OpenModel> {
  const capacity = {
    cellsMax: flags.cellsMax ?? defaults.cellsMax,
    sequencesMax: flags.sequencesMax ?? defaults.sequencesMax,
    batchTokensMax: flags.batchTokensMax ?? defaults.batchTokensMax,
  };
  if (flags.runner === 'scripted') {
    const { openScriptedModel } = await import('../runners/scripted/open-scripted-model.ts');
    const script = await importScript(flags.scriptPath);
    return openScriptedModel({
      limits: { ...capacity, contextTokensMax: capacity.cellsMax },
      ...(script === null ? {} : { script }),
    });
  }
  const { openLlamaModel } = await import('../runners/llama-cpp/index.ts');
  return openLlamaModel({
    ...capacity,
    path: flags.modelPath!,
    embeddingTokensMax: flags.embeddingTokensMax ?? undefined,
    threads: flags.threads,
    backend: flags.backend,
    onProgress,
    ...(flags.gpuLayers === null ? {} : { gpuLayers: flags.gpuLayers }),
    ...(flags.cacheType === null ? {} : { cacheType: flags.cacheType }),
    ...(flags.pooling === null ? {} : { pooling: flags.pooling }),
  });
}

/** Longest input to embed; the runner's own default unless the flag says otherwise. */
export function resolveEmbeddingTokens(flags: EngineFlags, contextTokensMax: number): number {
  return flags.embeddingTokensMax ?? Math.min(contextTokensMax, 2048);
}

async function importScript(path: string | null): Promise<Script | null> {
  if (path === null) return null;
  const module = (await import(pathToFileURL(path).href)) as { script?: unknown };
  if (typeof module.script !== 'function') {
    throw new FlagError(`--script ${path} exports no function named 'script'`);
  }
  return module.script as Script;
}
