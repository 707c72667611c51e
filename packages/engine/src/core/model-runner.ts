/**
 * The seam between deciding and computing. The scheduler decides which sequence runs how many tokens; a
 * runner runs them and decides nothing. A runner knows token ids, sequence slots and adapters; it knows no
 * request, no text and no tenant.
 */

/** What one runner can hold. The scheduler plans within these and never pretends there is more. */
export interface RunnerLimits {
  /** KV cells shared by all sequences (unified cache). */
  readonly cellsMax: number;
  /**
   * Sequence slots; valid slot ids are 0 … sequencesMax-1. Shared cells let several slots point at one
   * prefix.
   */
  readonly sequencesMax: number;
  /** Rows (tokens) one forward call may carry. */
  readonly batchTokensMax: number;
  /** Longest sequence the model was trained for, in tokens. */
  readonly contextTokensMax: number;
  readonly vocabularySize: number;
  /** Length of a hidden state, in floats. */
  readonly embeddingSize: number;
  /**
   * False for recurrent and sliding-window models: a sequence can then only be extended, copied or dropped
   * whole.
   */
  readonly canTrimSequences: boolean;
}

/** An adapter that a runner has loaded. Opaque to the scheduler except for identity. */
export interface LoadedAdapter {
  readonly id: string;
  /** Changes with each load of the same id; part of every cache key. */
  readonly version: string;
  readonly rank: number;
}

/** Rows for one forward call; all rows run under the same adapter (llama.h sets adapters per call). */
export interface ForwardBatch {
  /** Adapter id of every row, or null for the base model. */
  readonly adapter: string | null;
  /** Number of rows used; the arrays may be longer. */
  readonly rows: number;
  /** Token id of each row. */
  readonly tokens: Int32Array;
  /** Position of each row within its sequence. */
  readonly positions: Int32Array;
  /** Sequence slot of each row. */
  readonly slots: Int32Array;
  /** 1 where logits are wanted. */
  readonly wantLogits: Uint8Array;
}

export type ForwardResult =
  | {
      readonly status: 'ok';
      /** Milliseconds inside the native call. */
      readonly forwardMs: number;
      /** What the call would take if nobody else used the processors; the same where that is not known. */
      readonly workMs?: number;
    }
  /**
   * No free KV cells for this batch; nothing was changed. The scheduler preempts or evicts, then tries again.
   */
  | { readonly status: 'cache-full' };

export interface ModelRunner {
  readonly limits: RunnerLimits;

  /**
   * Runs one batch. One call at a time. Does not block the event loop. Throws only when the model is
   * unusable.
   */
  forward(batch: ForwardBatch): Promise<ForwardResult>;

  /**
   * Logits of a row that wanted them: a view of `vocabularySize` floats, writable, valid until the next
   * forward.
   */
  logits(row: number): Float32Array;

  /** Makes `target` share the cells of `source` for positions [0, length). The target must be empty. */
  copySequence(source: number, target: number, length: number): void;

  /**
   * Drops positions [from, end) of a slot. False if the model cannot trim there (then drop the whole slot).
   */
  trimSequence(slot: number, from: number): boolean;

  /** Drops a whole slot. Cells shared with other slots stay. */
  dropSequence(slot: number): void;

  /** Copies the slot's state to host memory. */
  saveSequence(slot: number): Uint8Array;

  /**
   * Restores a saved state into an empty slot. False if there are too few free cells; nothing is changed
   * then.
   */
  restoreSequence(slot: number, state: Uint8Array): boolean;

  /** Loads an adapter file while serving. Throws AdapterError (what was wrong, where, what to do). */
  loadAdapter(id: string, path: string): Promise<LoadedAdapter>;

  /** Frees an adapter. The caller guarantees that no batch uses it any more. */
  unloadAdapter(id: string): void;

  /**
   * Pooled, unnormalised vectors for whole inputs, one per input, each `embeddingSize` floats (or one float
   * for a reranker). Runs in a context of its own; may be called while forward runs. Calls take turns; one
   * whose signal is aborted ends soon and rejects.
   */
  embed(inputs: readonly (readonly number[])[], signal?: AbortSignal): Promise<Float32Array[]>;

  /** Frees everything. No call may follow. */
  close(): Promise<void>;
}

/** Text side of the same model: what the HTTP layer needs. The core never calls it. */
export interface ModelTokenizer {
  readonly vocabularySize: number;
  readonly bosToken: number | null;
  readonly eosToken: number | null;
  /** End-of-generation tokens (eos, eot, …): generation stops after one of them unless ignore_eos is set. */
  readonly endTokens: readonly number[];
  /** Whether the model wants a BOS token in front of a prompt. */
  readonly addsBos: boolean;
  /**
   * Text to ids. `addSpecial`: add BOS/EOS as the model wants; `parseSpecial`: `<|im_start|>` is one token.
   */
  encode(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): number[];
  /**
   * Bytes of one token; may be part of a UTF-8 character. Control tokens give their text when `special` is
   * set.
   */
  tokenBytes(token: number, special?: boolean): Uint8Array;
  isControl(token: number): boolean;
}

/** What a loaded model says of itself. */
export interface ModelDescription {
  readonly architecture: string;
  readonly name: string;
  readonly parameterCount: bigint;
  readonly sizeBytes: number;
  readonly contextTokensMax: number;
  /** Jinja source of the chat template, from the model's metadata, or null. */
  readonly chatTemplate: string | null;
  readonly pooling: 'none' | 'mean' | 'cls' | 'last' | 'rank';
  readonly metadata: Readonly<Record<string, string>>;
  /** Why weights are not laid out for the kernels that are fastest in batches, or null. */
  readonly repackProblem: string | null;
}

/** A model opened for serving: the numbers side and the text side. */
export interface OpenModel {
  readonly runner: ModelRunner;
  readonly tokenizer: ModelTokenizer;
  readonly description: ModelDescription;
}
