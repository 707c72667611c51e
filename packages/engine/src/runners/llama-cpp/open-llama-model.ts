import { stat } from 'node:fs/promises';
import {
  type Backend,
  type CacheType,
  checkModelFile,
  createTokenizer,
  type FlashAttention,
  type LlamaContext,
  type LlamaModel,
  loadLibrary,
  openContext,
  openServedModel,
} from '@sparkler/llama';
import type { ModelDescription, OpenModel, RunnerLimits } from '../../core/model-runner.ts';
import { Embedder } from './embedder.ts';
import { LlamaRunner } from './llama-runner.ts';
import { type EmbeddingPooling, readModelPooling, resolvePooling } from './pooling.ts';
import { RunnerError } from './runner-error.ts';

export interface OpenLlamaModelOptions {
  /** A GGUF file. */
  readonly path: string;
  /** KV cells shared by all sequences; rounded up to a multiple of 256. */
  readonly cellsMax: number;
  /** Sequence slots, at most 256. */
  readonly sequencesMax: number;
  /** Rows of one forward call. */
  readonly batchTokensMax: number;
  /** Compute threads. More than there are free cores is ruinous: they spin on barriers. */
  readonly threads: number;
  /** Layers on the accelerator; -1 (the default): all. */
  readonly gpuLayers?: number | undefined;
  /** `auto` (the default): the best that is installed. */
  readonly backend?: Backend | 'auto' | undefined;
  /** Lay weights out anew where that is faster (the default); without, they stay mapped from the file. */
  readonly repack?: boolean | undefined;
  /** Element type of the KV cache; f16 by default. */
  readonly cacheType?: CacheType | undefined;
  /** `auto` by default. */
  readonly flashAttention?: FlashAttention | undefined;
  /** How embeddings are pooled; by default as the model says, the last token for a chat model. */
  readonly pooling?: EmbeddingPooling | undefined;
  /** Longest input to embed; by default what the model was trained for, at most 2048. */
  readonly embeddingTokensMax?: number | undefined;
  readonly onProgress?: ((progress: number) => void) | undefined;
  /** Called when another thread has begun to read the file: time for other work. */
  readonly onReading?: (() => void) | undefined;
}

/**
 * A file below this is read in a moment. Nobody watches its progress, and the thread that reads it would wait
 * for ours at each tensor.
 */
const watchedBytesMin = 1e9;

/**
 * Opens a GGUF model for serving. Throws GgufError or LlamaError with the reason; nothing stays open then.
 */
export async function openLlamaModel(options: OpenLlamaModelOptions): Promise<OpenModel> {
  const library = loadLibrary({ backend: options.backend });
  const file = await checkModelFile(options.path);
  const isWatched = (await stat(options.path)).size >= watchedBytesMin;
  const opening = openServedModel(library, file, {
    path: options.path,
    gpuLayers: options.gpuLayers,
    repack: options.repack,
    onProgress: isWatched ? options.onProgress : undefined,
  });
  options.onReading?.();
  const { model, repackProblem } = await opening;
  const onProcessors = options.gpuLayers === 0 || library.devices.every(({ type }) => type === 'cpu');
  let context: LlamaContext | null = null;
  try {
    const pooling = resolvePooling(model, options.pooling);
    if (keepsSequences(model)) context = await openContext(model, options);
    const runner = new LlamaRunner({
      model,
      file,
      context,
      embedder: new Embedder(model, {
        pooling,
        tokensMax: resolveEmbeddingTokens(model, options.embeddingTokensMax),
        threads: options.threads,
      }),
      limits: describeLimits(model, context, options.batchTokensMax),
      processorThreads: onProcessors ? options.threads : null,
    });
    return { runner, tokenizer: createTokenizer(model), description: describeModel(model, repackProblem) };
  } catch (error) {
    context?.close();
    model.close();
    throw error;
  }
}

/** llama.cpp ends the process when an encoder looks up a position that its table does not have. */
function resolveEmbeddingTokens(model: LlamaModel, asked: number | undefined): number {
  const trained = model.contextTokensTrained;
  if (asked === undefined) return Math.min(trained, 2048);
  if (Number.isInteger(asked) && asked >= 1 && asked <= trained) return asked;
  throw new RunnerError(`embeddingTokensMax must be from 1 to ${trained} for ${model.path}, not ${asked}`);
}

/** Encoders such as BERT see the whole input at once and keep nothing. */
function keepsSequences(model: LlamaModel): boolean {
  return (
    model.metadata[`${model.architecture}.attention.causal`] !== 'false' &&
    !model.architecture.includes('bert')
  );
}

function describeLimits(
  model: LlamaModel,
  context: LlamaContext | null,
  batchTokensMax: number,
): RunnerLimits {
  return {
    cellsMax: context?.cellsMax ?? 0,
    sequencesMax: context?.sequencesMax ?? 0,
    batchTokensMax: context === null ? 0 : Math.min(batchTokensMax, context.batch.rowsMax),
    contextTokensMax: model.contextTokensTrained,
    vocabularySize: model.vocabularySize,
    embeddingSize: model.embeddingSize,
    // The cache of sliding-window layers is kept whole, so those can be trimmed as well.
    canTrimSequences: !model.isRecurrent,
  };
}

function describeModel(model: LlamaModel, repackProblem: string | null): ModelDescription {
  return {
    repackProblem,
    architecture: model.architecture,
    name: model.metadata['general.name'] ?? model.description,
    parameterCount: model.parameterCount,
    sizeBytes: model.sizeBytes,
    contextTokensMax: model.contextTokensTrained,
    chatTemplate: model.chatTemplate,
    pooling: readModelPooling(model),
    metadata: model.metadata,
  };
}
