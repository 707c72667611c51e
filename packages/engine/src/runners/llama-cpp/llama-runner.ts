import { randomBytes } from 'node:crypto';
import {
  type LlamaAdapter,
  LlamaComputeError,
  type LlamaContext,
  LlamaError,
  type LlamaModel,
  type ModelFile,
  openAdapterFile,
} from '@sparkler/llama';
import { AdapterError } from '../../core/adapter-error.ts';
import type {
  ForwardBatch,
  ForwardResult,
  LoadedAdapter,
  ModelRunner,
  RunnerLimits,
} from '../../core/model-runner.ts';
import { AccessGate } from './access-gate.ts';
import { prepareAdapter } from './adapters/prepare-adapter.ts';
import { checkBatch, checkPositions, checkSlot } from './check-batch.ts';
import type { Embedder } from './embedder.ts';
import { RunnerError } from './runner-error.ts';
import { allocateState, openState } from './sequence-state.ts';

export interface LlamaRunnerParts {
  readonly model: LlamaModel;
  /** What its file says; adapters are checked against it. */
  readonly file: ModelFile;
  /** Null for embedding models, which keep no sequences. */
  readonly context: LlamaContext | null;
  /** Null for models that give no vectors. */
  readonly embedder: Embedder | null;
  readonly limits: RunnerLimits;
  /** Compute threads where processors do all the work, else null. */
  readonly processorThreads: number | null;
}

/** ModelRunner on llama.cpp. Use `openLlamaModel`. */
export class LlamaRunner implements ModelRunner {
  readonly limits: RunnerLimits;
  readonly #parts: LlamaRunnerParts;
  readonly #gate = new AccessGate();
  readonly #adapters = new Map<string, LlamaAdapter>();
  /** Saved sequences carry it: a state restored into another model would be trusted blindly. */
  readonly #id = randomBytes(8).readBigUInt64LE();
  /** Adapter that the context has set now. */
  #current: string | null = null;
  readonly #positionsMax: number;
  #computing = false;
  #failure: Error | null = null;
  #closed: Promise<void> | null = null;

  constructor(parts: LlamaRunnerParts) {
    this.#parts = parts;
    this.limits = parts.limits;
    this.#positionsMax = parts.file.tensors.get('position_embd.weight')?.shape[1] ?? Infinity;
  }

  async forward(batch: ForwardBatch): Promise<ForwardResult> {
    const context = this.#idleContext('forward');
    if (this.#failure !== null) throw this.#failure;
    checkBatch(batch, this.limits);
    checkPositions(batch, (slot) => context.sequenceLength(slot), this.#positionsMax);
    this.#computing = true;
    try {
      return await this.#gate.shared(() => this.#decode(context, batch));
    } finally {
      this.#computing = false;
    }
  }

  logits(row: number): Float32Array {
    return this.#idleContext('logits').logits(row);
  }

  copySequence(source: number, target: number, length: number): void {
    const context = this.#idleContext('copySequence');
    this.#checkSlots(source, target);
    const available = context.sequenceLength(source);
    if (length > available) {
      throw new RunnerError(
        `slot ${source} holds ${available} positions, ${length} cannot be copied from it`,
      );
    }
    if (context.sequenceLength(target) > 0)
      throw new RunnerError(`slot ${target} is not empty, drop it before a copy`);
    if (!this.limits.canTrimSequences && length < available) {
      throw new RunnerError(
        `this model copies whole sequences only: slot ${source} holds ${available} positions`,
      );
    }
    context.copySequence(source, target, length);
  }

  trimSequence(slot: number, from: number): boolean {
    const context = this.#idleContext('trimSequence');
    this.#checkSlots(slot);
    if (from >= context.sequenceLength(slot)) return true;
    if (from > 0 && !this.limits.canTrimSequences) return false;
    return context.removeSequence(slot, from);
  }

  dropSequence(slot: number): void {
    const context = this.#idleContext('dropSequence');
    this.#checkSlots(slot);
    context.removeSequence(slot, 0);
  }

  saveSequence(slot: number): Uint8Array {
    const context = this.#idleContext('saveSequence');
    this.#checkSlots(slot);
    const { state, payload } = allocateState(this.#id, context.sequenceStateSize(slot));
    const written = context.readSequenceState(slot, payload);
    if (written === 0) throw new RunnerError(`llama.cpp could not save slot ${slot}`);
    return state.subarray(0, state.length - payload.length + written);
  }

  restoreSequence(slot: number, state: Uint8Array): boolean {
    const context = this.#idleContext('restoreSequence');
    this.#checkSlots(slot);
    const payload = openState(this.#id, state);
    if (context.sequenceLength(slot) > 0)
      throw new RunnerError(`slot ${slot} is not empty, drop it before a restore`);
    return context.writeSequenceState(slot, payload);
  }

  async loadAdapter(id: string, path: string): Promise<LoadedAdapter> {
    this.#checkOpen('loadAdapter');
    if (this.#adapters.has(id)) throw new AdapterError(`an adapter ${id} is loaded already; unload it first`);
    const prepared = await prepareAdapter(path, this.#parts.file);
    try {
      await this.#gate.exclusive(() => this.#openAdapter(id, prepared.path));
      return { id, version: randomBytes(8).toString('hex'), rank: prepared.facts.rank };
    } finally {
      await prepared.dispose();
    }
  }

  unloadAdapter(id: string): void {
    const adapter = this.#adapters.get(id);
    if (adapter === undefined) throw new AdapterError(`no adapter ${id} is loaded`);
    this.#adapters.delete(id);
    // Freed as soon as nothing computes. The id is free at once; its file is only held a little longer.
    const free = (): void => {
      if (this.#current === id) this.#setAdapter(null);
      adapter.close();
    };
    this.#gate.exclusive(free).catch((error: Error) => {
      this.#failure = error;
    });
  }

  async embed(inputs: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]> {
    const { embedder, model } = this.#parts;
    this.#checkOpen('embed');
    if (embedder === null)
      throw new RunnerError(`the ${model.architecture} model ${model.path} gives no embeddings`);
    return await embedder.embed(inputs, (compute) => this.#gate.shared(compute), signal);
  }

  close(): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  async #finish(): Promise<void> {
    await this.#parts.embedder?.settled();
    await this.#gate.exclusive(() => this.#free());
  }

  /** Contexts and adapters live inside the model, so it goes last. */
  #free(): void {
    const { model, context, embedder } = this.#parts;
    embedder?.close();
    context?.close();
    for (const adapter of this.#adapters.values()) adapter.close();
    this.#adapters.clear();
    model.close();
  }

  async #openAdapter(id: string, path: string): Promise<void> {
    // Two loads of one id may have been under way at the same time.
    if (this.#adapters.has(id)) throw new AdapterError(`an adapter ${id} is loaded already; unload it first`);
    this.#checkOpen('loadAdapter');
    try {
      this.#adapters.set(id, await openAdapterFile(this.#parts.model, path));
    } catch (error) {
      throw error instanceof LlamaError ? new AdapterError(error.message) : error;
    }
  }

  async #decode(context: LlamaContext, source: ForwardBatch): Promise<ForwardResult> {
    this.#setAdapter(source.adapter);
    const { batch } = context;
    const { rows } = source;
    batch.tokens.set(source.tokens.subarray(0, rows));
    batch.positions.set(source.positions.subarray(0, rows));
    batch.slots.set(source.slots.subarray(0, rows));
    batch.outputs.set(source.wantLogits.subarray(0, rows));
    const started = performance.now();
    const used = process.cpuUsage();
    const status = await this.#compute(context, rows);
    if (status !== 'ok') return { status };
    const forwardMs = performance.now() - started;
    const { processorThreads } = this.#parts;
    if (processorThreads === null) return { status, forwardMs };
    const { user, system } = process.cpuUsage(used);
    return { status, forwardMs, workMs: Math.min(forwardMs, (user + system) / 1000 / processorThreads) };
  }

  /** Once a computation failed the cache is in an unknown state: every later forward fails the same way. */
  async #compute(context: LlamaContext, rows: number): Promise<'ok' | 'cache-full'> {
    try {
      return await context.decode(rows);
    } catch (error) {
      if (error instanceof LlamaComputeError) this.#failure = error;
      throw error;
    }
  }

  /** Switches only when it has to: a switch makes llama.cpp plan its graph anew. */
  #setAdapter(id: string | null): void {
    if (id === this.#current) return;
    const adapter = id === null ? null : this.#adapters.get(id);
    if (adapter === undefined) throw new RunnerError(`no adapter ${id} is loaded`);
    this.#parts.context?.setAdapters(adapter === null ? [] : [adapter]);
    this.#current = id;
  }

  #checkOpen(call: string): void {
    if (this.#closed !== null) throw new RunnerError(`${call}: the runner is closed`);
  }

  #idleContext(call: string): LlamaContext {
    const { context, model } = this.#parts;
    this.#checkOpen(call);
    if (context === null)
      throw new RunnerError(`${call}: a ${model.architecture} model only gives embeddings`);
    if (this.#computing) throw new RunnerError(`${call} while forward runs: wait for it to end`);
    return context;
  }

  #checkSlots(...slots: readonly number[]): void {
    for (const slot of slots) checkSlot(slot, this.limits.sequencesMax);
  }
}
