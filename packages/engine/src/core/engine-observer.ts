import type { GenerationTimings } from './generation.ts';

/** One step of the loop, for metrics. Numbers only. */
export interface StepRecord {
  readonly step: number;
  readonly adapter: string | null;
  /** Rows of the batch, and what they were for. */
  readonly rows: number;
  readonly prefillRows: number;
  readonly decodeRows: number;
  readonly draftRows: number;
  readonly draftRowsAccepted: number;
  readonly batchRowsMax: number;
  readonly generatedTokens: number;
  readonly sequences: number;
  readonly running: number;
  readonly waiting: number;
  readonly cellsUsed: number;
  readonly cellsMax: number;
  readonly hostBytes: number;
  /** Totals so far: sequences that lost their slot, prefixes evicted, prefixes restored from host memory. */
  readonly preemptions: number;
  readonly evictions: number;
  readonly restores: number;
  readonly scheduleMs: number;
  readonly forwardMs: number;
  /** Sampling without masks, and masks. */
  readonly sampleMs: number;
  readonly maskMs: number;
  /** From the start of scheduling to the end of applying. */
  readonly totalMs: number;
}

export interface RequestRecord {
  readonly id: string;
  readonly end: 'finish' | 'error' | 'aborted';
  readonly adapter: string | null;
  readonly tenant: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly generatedTokens: number;
  readonly timings: GenerationTimings;
}

/** Who watches the loop. Called synchronously from it: must be fast and must not throw. */
export interface EngineObserver {
  onStep?(record: StepRecord): void;
  onRequestEnd?(record: RequestRecord): void;
  /** The self-check at idle found the bookkeeping wrong; the cache was dropped and serving goes on. */
  onIntegrityProblem?(problems: readonly string[]): void;
  /**
   * The runner is unusable: every request got an error and new ones get one too. The process should be
   * replaced.
   */
  onFailure?(error: unknown): void;
  /** The draft model failed: serving goes on without it. */
  onDraftFailure?(error: unknown): void;
  /** A listener or onToken threw, against its contract; its request was aborted. */
  onListenerError?(id: string, error: unknown): void;
}
