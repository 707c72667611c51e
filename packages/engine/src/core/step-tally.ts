import type { StepRecord } from './engine-observer.ts';

/** Numbers of one step while it happens. */
export class StepTally {
  readonly #startedMs = performance.now();
  rows = 0;
  scheduleMs = 0;
  forwardMs = 0;
  sampleMs = 0;
  maskMs = 0;
  prefillRows = 0;
  decodeRows = 0;
  draftRows = 0;
  draftRowsAccepted = 0;
  generatedTokens = 0;

  /** The clock stops here. */
  finish(rest: Omit<StepRecord, keyof StepTally | 'totalMs'>): StepRecord {
    const { scheduleMs, forwardMs, sampleMs, maskMs, prefillRows, decodeRows, draftRows } = this;
    return {
      ...rest,
      rows: this.rows,
      prefillRows,
      decodeRows,
      draftRows,
      draftRowsAccepted: this.draftRowsAccepted,
      generatedTokens: this.generatedTokens,
      scheduleMs,
      forwardMs,
      sampleMs,
      maskMs,
      totalMs: performance.now() - this.#startedMs,
    };
  }

  markScheduled(): void {
    this.scheduleMs = performance.now() - this.#startedMs;
  }
}
