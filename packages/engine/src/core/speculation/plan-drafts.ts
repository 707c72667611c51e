/** What drafts cost now. A step takes baseMs + rowMs * rows. */
export interface DraftCost {
  readonly baseMs: number;
  readonly rowMs: number;
  /** Making one draft token: next to nothing from text, a step of a draft model otherwise. */
  readonly draftMs: number;
  /** Sequences that share a step. */
  readonly sequences: number;
}

/** A draft row has to earn this much more than it costs: estimates are noisy. */
const MARGIN = 1.15;

/**
 * How many draft tokens pay off. The i-th is accepted with rate^i and then saves the sequence's share of a step; it
 * costs a row and its making whether accepted or not. So drafts are worth it while
 * rate^i * (base/sequences + row) > row + draft. Pure.
 */
export function planDraftLength(rate: number, cost: DraftCost, draftsMax: number): number {
  const { baseMs, rowMs, draftMs, sequences } = cost;
  const tokenMs = baseMs / sequences + rowMs;
  const needed = ((rowMs + draftMs) * MARGIN) / tokenMs;
  if (needed >= rate) return 0;
  if (rate >= 1 || needed <= 0) return draftsMax;
  return Math.min(draftsMax, Math.floor(Math.log(needed) / Math.log(rate)));
}
