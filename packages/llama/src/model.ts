import koffi from 'koffi';
import type { LlamaAdapter } from './adapter.ts';
import { LlamaError } from './llama-error.ts';
import { callAsync } from './native/bind.ts';
import { LOAD_MODE, type ModelParams, progressCallback } from './native/declarations/model.ts';
import type { ModelPointer, VocabPointer } from './native/declarations/pointers.ts';
import type { LlamaLibrary } from './native/library.ts';
import { describeFailure } from './native/native-log.ts';

export interface ModelOptions {
  readonly path: string;
  /** Layers to offload to an accelerator; -1 (the default): all. Without an accelerator it has no effect. */
  readonly gpuLayers?: number | undefined;
  /** What to call it where that is not the path: in messages, and as the model's own `path`. */
  readonly shownPath?: string | undefined;
  /**
   * Lay weights out anew for kernels that take many rows at once, where the processor has such (the default).
   * The process then has a copy of its own of these; without, they stay mapped, and replicas share them.
   */
  readonly repack?: boolean | undefined;
  /** Read the file into memory instead of mapping it: nothing holds it once the model is open. */
  readonly copied?: boolean | undefined;
  /** Keep the weights from being swapped out. */
  readonly lockMemory?: boolean | undefined;
  /** Load the tokenizer alone: nothing can be computed then. */
  readonly vocabularyOnly?: boolean | undefined;
  /** Called on the event loop with 0 … 1 while weights are read. */
  readonly onProgress?: ((progress: number) => void) | undefined;
}

/**
 * A model's weights in memory (mapped from the file) and what it says of itself. Shared by any number of
 * contexts.
 */
export class LlamaModel {
  readonly library: LlamaLibrary;
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly architecture: string;
  readonly contextTokensTrained: number;
  readonly embeddingSize: number;
  readonly vocabularySize: number;
  readonly vocab: VocabPointer;
  #pointer: ModelPointer | null;
  #correction: LlamaAdapter | null = null;
  #users = 0;

  /** Use `openLlamaModelFile`. */
  constructor(library: LlamaLibrary, path: string, pointer: ModelPointer) {
    this.library = library;
    this.path = path;
    this.#pointer = pointer;
    this.metadata = readMetadata(library, pointer);
    this.architecture = this.metadata['general.architecture'] ?? 'unknown';
    this.contextTokensTrained = library.model.contextTokensTrained(pointer);
    this.embeddingSize = library.model.embeddingSize(pointer);
    this.vocab = library.model.vocab(pointer);
    this.vocabularySize = library.vocab.size(this.vocab);
  }

  /** The native handle. Throws when the model is closed. */
  get pointer(): ModelPointer {
    if (this.#pointer === null) throw new LlamaError(`the model ${this.path} is closed`);
    return this.#pointer;
  }

  get sizeBytes(): number {
    return Number(this.library.model.sizeBytes(this.pointer));
  }

  get parameterCount(): bigint {
    return BigInt(this.library.model.parameterCount(this.pointer));
  }

  /** Jinja source of the default chat template, or null. */
  get chatTemplate(): string | null {
    return this.library.model.chatTemplate(this.pointer, null);
  }

  /** llama.cpp's one-line description, such as `llama 135M Q4_1`. */
  get description(): string {
    return readNativeText((buffer, size) => this.library.model.describe(this.pointer, buffer, size)) ?? '';
  }

  /** Tokens of the attention window, 0 when the model attends to everything. */
  get slidingWindowTokens(): number {
    return this.library.model.slidingWindow(this.pointer);
  }

  /** Whether it keeps a running state instead of (or beside) a cache of positions. */
  get isRecurrent(): boolean {
    return this.library.model.isRecurrent(this.pointer) || this.library.model.isHybrid(this.pointer);
  }

  /** Outputs of the classification head of a reranker, 1 for a plain score. */
  get classifierOutputs(): number {
    return this.library.model.classifierOutputs(this.pointer);
  }

  /** An adapter that belongs to the weights: in effect in every context, beside any other. */
  get correction(): LlamaAdapter | null {
    return this.#correction;
  }

  /** Makes an adapter a part of the weights; the model frees it. Contexts are opened afterwards. */
  correct(adapter: LlamaAdapter): void {
    this.#correction = adapter;
  }

  /** Called by what lives inside the model (contexts, adapters), so that it isn't freed under them. */
  retain(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
  }

  /** Frees the weights. Throws while a context or an adapter is open: freeing under them would crash. */
  close(): void {
    if (this.#pointer === null) return;
    const users = this.#users - (this.#correction === null ? 0 : 1);
    if (users > 0) {
      throw new LlamaError(
        `the model ${this.path} is in use by ${users} contexts or adapters; close them first`,
      );
    }
    this.#correction?.close();
    this.#correction = null;
    this.library.model.free(this.#pointer);
    this.#pointer = null;
  }
}

/**
 * Loads a GGUF file without blocking the event loop. Throws LlamaError with llama.cpp's own warnings when it
 * refuses. A malformed file can abort the process inside llama.cpp: check it first (`checkModelFile`).
 */
export async function openLlamaModelFile(library: LlamaLibrary, options: ModelOptions): Promise<LlamaModel> {
  const { path, shownPath = path, onProgress } = options;
  const callback =
    onProgress === undefined
      ? null
      : koffi.register((progress: number) => {
          onProgress(progress);
          return true;
        }, progressCallback);
  const params: ModelParams = {
    ...library.model.defaultParams(),
    n_gpu_layers: options.gpuLayers ?? -1,
    load_mode: resolveLoadMode(options),
    use_extra_bufts: options.repack ?? true,
    progress_callback: callback,
    vocab_only: options.vocabularyOnly ?? false,
  };
  try {
    const { result, lines } = await library.log.capture(() => callAsync(library.model.load, path, params));
    if (result === null)
      throw new LlamaError(describeFailure(`llama.cpp cannot load the model ${shownPath}`, lines));
    return new LlamaModel(library, shownPath, result);
  } finally {
    if (callback !== null) koffi.unregister(callback);
  }
}

function resolveLoadMode({ copied = false, lockMemory = false }: ModelOptions): number {
  if (copied) return lockMemory ? LOAD_MODE.mlock : LOAD_MODE.none;
  return lockMemory ? LOAD_MODE.mmapAndMlock : LOAD_MODE.mmap;
}

function readMetadata(library: LlamaLibrary, model: ModelPointer): Record<string, string> {
  const { metadataCount, metadataKey, metadataValue } = library.model;
  const entries: [string, string][] = [];
  for (let index = 0; index < metadataCount(model); index++) {
    const key = readNativeText((buffer, size) => metadataKey(model, index, buffer, size));
    const value = readNativeText((buffer, size) => metadataValue(model, index, buffer, size));
    if (key !== null && value !== null) entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}

/**
 * Reads a text through a C function that returns the full length and cuts at the buffer's end; null on
 * failure.
 */
function readNativeText(read: (buffer: Uint8Array, size: number) => number): string | null {
  let buffer = new Uint8Array(256);
  const length = read(buffer, buffer.length);
  if (length < 0) return null;
  if (length >= buffer.length) {
    buffer = new Uint8Array(length + 1);
    read(buffer, buffer.length);
  }
  return Buffer.from(buffer.buffer, 0, length).toString('utf8');
}
