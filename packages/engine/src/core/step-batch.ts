import type { ForwardBatch } from './model-runner.ts';
import type { StepPlan } from './schedule/scheduler.ts';

/** The arrays of a forward call, reused for every step. */
export class StepBatch {
  readonly #tokens: Int32Array;
  readonly #positions: Int32Array;
  readonly #slots: Int32Array;
  readonly #wantLogits: Uint8Array;

  constructor(rowsMax: number) {
    this.#tokens = new Int32Array(rowsMax);
    this.#positions = new Int32Array(rowsMax);
    this.#slots = new Int32Array(rowsMax);
    this.#wantLogits = new Uint8Array(rowsMax);
  }

  /**
   * Lays the plan out as rows, sequence by sequence: pending tokens, then drafts. Logits are wanted where a
   * token is sampled: at the last pending token and at every draft; and at every row of a prompt whose log
   * probabilities were asked for.
   */
  fill(plan: StepPlan): ForwardBatch {
    let row = 0;
    for (const { sequence, rows, drafts } of plan.parts) {
      const samples = rows === sequence.pending;
      const everyLogit = sequence.needsEveryLogit;
      for (let i = 0; i < rows; i++) {
        const position = sequence.computed + i;
        const wanted = everyLogit || (samples && i === rows - 1);
        this.#put(row++, sequence.tokens.at(position), position, sequence.slot, wanted);
      }
      drafts.forEach((token, i) => {
        this.#put(row++, token, sequence.computed + rows + i, sequence.slot, true);
      });
    }
    return {
      adapter: plan.adapter,
      rows: row,
      tokens: this.#tokens,
      positions: this.#positions,
      slots: this.#slots,
      wantLogits: this.#wantLogits,
    };
  }

  #put(row: number, token: number, position: number, slot: number, wanted: boolean): void {
    this.#tokens[row] = token;
    this.#positions[row] = position;
    this.#slots[row] = slot;
    this.#wantLogits[row] = wanted ? 1 : 0;
  }
}
