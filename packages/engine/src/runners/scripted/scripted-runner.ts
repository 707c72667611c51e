import { setTimeout as sleep } from 'node:timers/promises';
import { AdapterError } from '../../core/adapter-error.ts';
import type {
  ForwardBatch,
  ForwardResult,
  LoadedAdapter,
  ModelRunner,
  RunnerLimits,
} from '../../core/model-runner.ts';
import { readAdapter } from './read-adapter.ts';
import { ScriptedCells } from './scripted-cells.ts';
import { mixHash, type Script, type ScriptedHistory } from './scripts.ts';

/** Adapter paths that need no file: the rest of the path is the adapter's content. */
const INLINE_ADAPTER = 'scripted:';

export interface ScriptedRunnerOptions {
  readonly limits: RunnerLimits;
  readonly script: Script;
  /** How long a forward call of so many rows takes … */
  readonly stepMs: (rows: number) => number;
  /** … really, or only by its own account. */
  readonly takesTime: boolean;
}

/** A model runner without a model: bookkeeping as strict as a KV cache's, logits by a script. */
export class ScriptedRunner implements ModelRunner {
  readonly limits: RunnerLimits;
  readonly #script: Script;
  readonly #stepMs: (rows: number) => number;
  readonly #takesTime: boolean;
  readonly #cells: ScriptedCells;
  readonly #adapters = new Map<string, { salt: number }>();
  /** Logits per row, grown as needed. */
  readonly #logits: Float32Array[] = [];
  #wanted = new Uint8Array(0);
  #running = false;
  #loads = 0;
  #closed = false;

  constructor(options: ScriptedRunnerOptions) {
    this.limits = options.limits;
    this.#script = options.script;
    this.#stepMs = options.stepMs;
    this.#takesTime = options.takesTime;
    this.#cells = new ScriptedCells(options.limits.sequencesMax, options.limits.cellsMax);
  }

  /** Cells in use, to be compared with the scheduler's own count. */
  get cellsUsed(): number {
    return this.#cells.used;
  }

  /** Positions written in a slot. */
  sequenceLength(slot: number): number {
    return this.#cells.length(slot);
  }

  async forward(batch: ForwardBatch): Promise<ForwardResult> {
    this.#requireIdle();
    const { rows } = batch;
    if (rows < 1 || rows > this.limits.batchTokensMax) throw new Error(`A batch cannot have ${rows} rows.`);
    const salt = this.#adapterSalt(batch.adapter);
    if (rows > this.#cells.free) return { status: 'cache-full' };
    const forwardMs = this.#stepMs(rows);
    this.#wanted = batch.wantLogits.slice(0, rows);
    for (let row = 0; row < rows; row++) this.#computeRow(batch, row, salt);
    this.#running = true;
    // Always a macrotask later, as a native call would be: sockets and timers get their turn.
    if (this.#takesTime && forwardMs > 0) await sleep(forwardMs);
    else await new Promise((done) => setImmediate(done));
    this.#running = false;
    return { status: 'ok', forwardMs };
  }

  logits(row: number): Float32Array {
    this.#requireIdle();
    if (this.#wanted[row] !== 1) throw new Error(`Row ${row} of the last batch wanted no logits.`);
    return this.#logits[row]!;
  }

  copySequence(source: number, target: number, length: number): void {
    this.#requireIdle();
    if (!this.limits.canTrimSequences && length !== this.#cells.length(source)) {
      throw new Error(
        `This model copies sequences whole: slot ${source} has ${this.#cells.length(source)} positions.`,
      );
    }
    this.#cells.share(source, target, length);
  }

  trimSequence(slot: number, from: number): boolean {
    this.#requireIdle();
    if (!this.limits.canTrimSequences && from < this.#cells.length(slot)) return false;
    this.#cells.trim(slot, from);
    return true;
  }

  dropSequence(slot: number): void {
    this.#requireIdle();
    this.#cells.trim(slot, 0);
  }

  saveSequence(slot: number): Uint8Array {
    this.#requireIdle();
    return this.#cells.save(slot);
  }

  restoreSequence(slot: number, state: Uint8Array): boolean {
    this.#requireIdle();
    return this.#cells.restore(slot, state);
  }

  async loadAdapter(id: string, path: string): Promise<LoadedAdapter> {
    if (this.#adapters.has(id)) throw new AdapterError(`Adapter ${id} is loaded already; unload it first.`);
    const content = path.startsWith(INLINE_ADAPTER)
      ? Buffer.from(path.slice(INLINE_ADAPTER.length))
      : await readAdapter(id, path);
    let salt = 0x5bd1e995;
    for (const byte of content) salt = mixHash(salt, byte);
    this.#adapters.set(id, { salt });
    return { id, version: String(++this.#loads), rank: 8 };
  }

  unloadAdapter(id: string): void {
    this.#requireIdle();
    if (!this.#adapters.delete(id)) throw new Error(`Adapter ${id} is not loaded.`);
  }

  async embed(inputs: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]> {
    const embedMs = this.#stepMs(inputs.reduce((sum, tokens) => sum + tokens.length, 0));
    if (this.#takesTime && embedMs > 0) await sleep(embedMs, undefined, signal ? { signal } : {});
    return inputs.map((tokens) => {
      const vector = new Float32Array(this.limits.embeddingSize);
      for (const token of tokens) {
        for (let i = 0; i < vector.length; i++) vector[i]! += mixHash(token + 1, i) / 0x8000_0000;
      }
      return vector.map((sum) => sum / Math.max(1, tokens.length));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #computeRow(batch: ForwardBatch, row: number, salt: number): void {
    const slot = batch.slots[row]!;
    const position = batch.positions[row]!;
    const token = batch.tokens[row]!;
    if (!(token >= 0 && token < this.limits.vocabularySize))
      throw new Error(`Row ${row}: no token ${token}.`);
    if (position >= this.limits.contextTokensMax)
      throw new Error(`Row ${row}: position ${position} is too far.`);
    this.#cells.write(slot, position, token, salt);
    if (batch.wantLogits[row] !== 1) return;
    this.#logits[row] ??= new Float32Array(this.limits.vocabularySize);
    const history: ScriptedHistory = {
      length: position + 1,
      hash: this.#cells.hash(slot),
      tokenAt: (at) => this.#cells.token(slot, at),
    };
    this.#script(history, this.#logits[row]);
  }

  #adapterSalt(id: string | null): number {
    if (id === null) return 0;
    const adapter = this.#adapters.get(id);
    if (adapter === undefined) throw new Error(`Adapter ${id} is not loaded.`);
    return adapter.salt;
  }

  /** Real runners allow no call while forward runs; neither does this one. */
  #requireIdle(): void {
    if (this.#closed) throw new Error('The runner is closed.');
    if (this.#running) throw new Error('Another call came while forward was running.');
  }
}
