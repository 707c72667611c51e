/** Older steps count less: a step's weight halves about every 35 newer ones. */
const DECAY = 0.98;

export interface StepCostEstimate {
  readonly baseMs: number;
  readonly rowMs: number;
}

/**
 * What a step costs, learned from the steps made: forwardMs = base + perRow * rows, by decaying least squares.
 * Prompt chunks are sized with it and speculation is judged by it.
 */
export class StepCost {
  #weight = 0;
  #rows = 0;
  #ms = 0;
  #rowsRows = 0;
  #rowsMs = 0;

  learn(rows: number, forwardMs: number): void {
    this.#weight = this.#weight * DECAY + 1;
    this.#rows = this.#rows * DECAY + rows;
    this.#ms = this.#ms * DECAY + forwardMs;
    this.#rowsRows = this.#rowsRows * DECAY + rows * rows;
    this.#rowsMs = this.#rowsMs * DECAY + rows * forwardMs;
  }

  /** Estimated milliseconds, or null before anything is known. */
  estimate(): StepCostEstimate | null {
    if (this.#weight === 0) return null;
    const meanRows = this.#rows / this.#weight;
    const meanMs = this.#ms / this.#weight;
    const variance = this.#rowsRows / this.#weight - meanRows * meanRows;
    if (variance < 0.25) return null;
    const slope = (this.#rowsMs / this.#weight - meanRows * meanMs) / variance;
    const rowMs = Math.min(Math.max(slope, 0), meanMs / meanRows);
    return { baseMs: meanMs - rowMs * meanRows, rowMs };
  }
}
