import koffi from 'koffi';
import type { LlamaAdapter } from './adapter.ts';
import { allocateBatch, type NativeBatch } from './batch.ts';
import { LlamaComputeError, LlamaError } from './llama-error.ts';
import type { LlamaModel } from './model.ts';
import { callAsync } from './native/bind.ts';
import { type ContextParams, FLASH_ATTENTION, POOLING_TYPE } from './native/declarations/context.ts';
import type { ContextPointer, MemoryPointer } from './native/declarations/pointers.ts';
import { describeFailure } from './native/native-log.ts';

export type Pooling = keyof typeof POOLING_TYPE;

/** Element types of the KV cache, by ggml's numbers. */
export const CACHE_TYPES = { f32: 0, f16: 1, bf16: 30, q8_0: 8, q5_1: 7, q5_0: 6, q4_1: 3, q4_0: 2 } as const;
export type CacheType = keyof typeof CACHE_TYPES;

/**
 * `auto`: flash attention where the backend has it. It needs less memory and is faster on long contexts, but
 * rounds queries, keys and values to 16 bits whatever the cache holds. `off` keeps 32 bits: with an f32 cache
 * the logits are those of the model's definition.
 */
export type FlashAttention = keyof typeof FLASH_ATTENTION;

export interface ContextOptions {
  /** KV cells, shared by all sequences. llama.cpp rounds up to a multiple of 256. */
  readonly cellsMax: number;
  readonly sequencesMax: number;
  /** Rows one decode takes. */
  readonly batchTokensMax: number;
  /** Rows computed at once; bounds both memory and the time until a decode can be left. */
  readonly microBatchTokensMax?: number | undefined;
  readonly threads: number;
  readonly cacheType?: CacheType | undefined;
  readonly flashAttention?: FlashAttention | undefined;
  /** Given: the context computes embeddings, pooled that way. */
  readonly pooling?: Pooling | undefined;
}

export type DecodeResult = 'ok' | 'cache-full';

/** A KV cache and a compute graph over a model. One native call at a time: the owner keeps that. */
export class LlamaContext {
  readonly model: LlamaModel;
  readonly batch: NativeBatch;
  readonly cellsMax: number;
  readonly sequencesMax: number;
  #pointer: ContextPointer | null;
  #logits: { address: bigint; floats: Float32Array } | null = null;

  /** Use `openContext`. */
  constructor(model: LlamaModel, pointer: ContextPointer) {
    const { context } = model.library;
    this.model = model;
    this.#pointer = pointer;
    this.cellsMax = context.cells(pointer);
    this.sequencesMax = context.sequencesMax(pointer);
    this.batch = allocateBatch(context.batchTokensMax(pointer));
    model.retain();
    if (model.correction !== null) this.setAdapters([]);
  }

  get pointer(): ContextPointer {
    if (this.#pointer === null) throw new LlamaError('this context is closed');
    return this.#pointer;
  }

  /** The cache; throws for models that have none (embedding models). */
  get memory(): MemoryPointer {
    const memory = this.model.library.context.memory(this.pointer);
    if (memory === null) throw new LlamaError(`a ${this.model.architecture} model keeps no sequences`);
    return memory;
  }

  get pooling(): number {
    return this.model.library.context.pooling(this.pointer);
  }

  /**
   * Computes the first `rows` rows of `batch` on the libuv pool. `cache-full` leaves everything as it was.
   * Throws LlamaError for a batch that llama.cpp refuses (the state is kept), LlamaComputeError when
   * computing failed (it is not: the context is then of no use).
   */
  async decode(rows: number): Promise<DecodeResult> {
    const { library } = this.model;
    const code = await callAsync(library.batch.decode, this.pointer, this.batch.describe(rows));
    if (code === 0) return 'ok';
    if (code === 1) return 'cache-full';
    if (code === -1) {
      throw new LlamaError(
        `llama.cpp refused a batch of ${rows} rows: positions of a sequence must follow each other without a gap`,
      );
    }
    throw new LlamaComputeError(
      `llama.cpp failed to compute a batch of ${rows} rows (code ${code}); reload the model`,
    );
  }

  /** Logits of a batch row that asked for them: writable, valid until the next decode. */
  logits(row: number): Float32Array {
    const { context } = this.model.library;
    const size = this.model.vocabularySize;
    const address = context.logitsOfRow(this.pointer, row);
    const first = context.logits(this.pointer);
    if (address === null || first === null)
      throw new LlamaError(`row ${row} of the last batch has no logits`);
    const index = Number(address - first) / 4;
    // One view over the output buffer serves many steps: llama.cpp only ever replaces it by a larger one.
    if (this.#logits?.address !== first || this.#logits.floats.length < index + size) {
      this.#logits = { address: first, floats: new Float32Array(koffi.view(first, 4 * (index + size))) };
    }
    return this.#logits.floats.subarray(index, index + size);
  }

  /** Positions a slot holds: 0 … length-1 unless its start was trimmed away. */
  sequenceLength(slot: number): number {
    return this.model.library.memory.positionMax(this.memory, slot) + 1;
  }

  /** Makes `target` share the cells of positions [0, length) of `source`. */
  copySequence(source: number, target: number, length: number): void {
    this.model.library.memory.copy(this.memory, source, target, 0, length);
  }

  /** Drops positions from `from` on. False when the model cannot drop a part. */
  removeSequence(slot: number, from: number): boolean {
    return this.model.library.memory.remove(this.memory, slot, from, -1);
  }

  /** Empties the cache, if the model has one. */
  clearSequences(): void {
    const memory = this.model.library.context.memory(this.pointer);
    if (memory !== null) this.model.library.memory.clear(memory, false);
  }

  sequenceStateSize(slot: number): number {
    return this.model.library.memory.stateSize(this.pointer, slot);
  }

  /** Copies the state of a slot into `state`; the bytes written, 0 on failure. */
  readSequenceState(slot: number, state: Uint8Array): number {
    return this.model.library.memory.stateRead(this.pointer, state, state.length, slot);
  }

  /** Fills an empty slot from a state. False, and the slot stays empty, when there are too few free cells. */
  writeSequenceState(slot: number, state: Uint8Array): boolean {
    return this.model.library.memory.stateWrite(this.pointer, state, state.length, slot) > 0;
  }

  /** Copy of the pooled vector of a sequence, `length` floats. */
  sequenceEmbedding(slot: number, length: number): Float32Array {
    const address = this.model.library.context.embeddingOfSequence(this.pointer, slot);
    if (address === null) throw new LlamaError(`sequence ${slot} of the last batch has no embedding`);
    return new Float32Array(koffi.view(address, 4 * length)).slice();
  }

  /** Copy of the vector of one batch row (contexts without pooling). */
  rowEmbedding(row: number): Float32Array {
    const address = this.model.library.context.embeddingOfRow(this.pointer, row);
    if (address === null) throw new LlamaError(`row ${row} of the last batch has no embedding`);
    return new Float32Array(koffi.view(address, 4 * this.model.embeddingSize)).slice();
  }

  /**
   * Sets the adapters of the following decodes; none is the base model, with what corrects it. Switching
   * rebuilds the graph (1 to 2 ms).
   */
  setAdapters(adapters: readonly LlamaAdapter[], scale = 1): void {
    const { correction, library } = this.model;
    const all = correction === null ? adapters : [correction, ...adapters];
    const pointers = BigUint64Array.from(all, (adapter) => adapter.pointer);
    const scales = Float32Array.from(all, (adapter) => (adapter === correction ? 1 : scale));
    const code = library.adapter.setForContext(this.pointer, pointers, all.length, scales);
    if (code !== 0)
      throw new LlamaError(`llama.cpp refused to set ${adapters.length} adapters (code ${code})`);
  }

  close(): void {
    if (this.#pointer === null) return;
    this.model.library.context.free(this.#pointer);
    this.batch.free();
    this.#pointer = null;
    this.#logits = null;
    this.model.release();
  }
}

/**
 * Makes a context without blocking the event loop (the cache can be gigabytes). Throws LlamaError with the
 * reason.
 */
export async function openContext(model: LlamaModel, options: ContextOptions): Promise<LlamaContext> {
  const { library } = model;
  const params = planContextParams(library.context.defaultParams(), options, library.system.sequencesMax());
  const { result, lines } = await library.log.capture(() =>
    callAsync(library.context.create, model.pointer, params),
  );
  if (result === null) {
    const what = `llama.cpp cannot make a context of ${options.cellsMax} cells for ${model.path}`;
    throw new LlamaError(describeFailure(what, lines));
  }
  return new LlamaContext(model, result);
}

function planContextParams(
  defaults: ContextParams,
  options: ContextOptions,
  sequencesLimit: number,
): ContextParams {
  const { cellsMax, sequencesMax, batchTokensMax, threads, cacheType = 'f16', pooling } = options;
  requireCount('cellsMax', cellsMax, 1, 2 ** 31 - 1);
  requireCount('sequencesMax', sequencesMax, 1, sequencesLimit);
  requireCount('batchTokensMax', batchTokensMax, 1, 2 ** 20);
  requireCount('threads', threads, 1, 512);
  // Every sequence must be able to have an output in one batch, and with pooling the rows computed at once
  // must divide evenly among the sequences: llama.cpp asserts on both when it plans its graph.
  const step = pooling === undefined ? 1 : sequencesMax;
  const roundUp = (count: number): number => Math.ceil(count / step) * step;
  const rows = roundUp(Math.max(batchTokensMax, sequencesMax));
  const flashAttention = resolveFlashAttention(options.flashAttention ?? 'auto', cacheType);
  return {
    ...defaults,
    n_ctx: Math.max(cellsMax, rows),
    n_batch: rows,
    n_ubatch: Math.min(roundUp(options.microBatchTokensMax ?? 512), rows),
    n_seq_max: sequencesMax,
    n_threads: threads,
    n_threads_batch: threads,
    type_k: CACHE_TYPES[cacheType],
    type_v: CACHE_TYPES[cacheType],
    flash_attn_type: FLASH_ATTENTION[flashAttention],
    embeddings: pooling !== undefined,
    pooling_type: POOLING_TYPE[pooling ?? 'none'],
    // One pool of cells for all sequences: a shared prefix then costs its cells once.
    kv_unified: true,
    // The whole cache of sliding-window layers is kept, so that prefixes can be shared and trimmed.
    swa_full: true,
  };
}

/** A quantized V cache exists only with flash attention. */
function resolveFlashAttention(wanted: FlashAttention, cacheType: CacheType): FlashAttention {
  if (['f32', 'f16', 'bf16'].includes(cacheType)) return wanted;
  if (wanted !== 'off') return 'on';
  throw new LlamaError(`a cache of type ${cacheType} needs flash attention; leave it on, or use f32 or f16`);
}

function requireCount(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new LlamaError(`${name} must be a whole number from ${min} to ${max}, not ${value}`);
}
