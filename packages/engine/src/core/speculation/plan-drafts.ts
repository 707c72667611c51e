/** What rows cost now: forwardMs = baseMs + rowMs * rows, and how many sequences share a step. */
export interface DraftCost {
  readonly baseMs: number;
  readonly rowMs: number;
  readonly sequences: number;
}

/** A draft row has to earn this much more than it costs: estimates are noisy. */
const MARGIN = 1.15;

/**
 * How many draft tokens pay off. The i-th is accepted with rate^i and then saves the sequence's share of a step; it
 * costs a row whether accepted or not. So drafts are worth it while rate^i * (base/sequences + row) > row. Pure.
 */
export function planDraftLength(rate: number, cost: DraftCost, draftsMax: number): number {
  const { baseMs, rowMs, sequences } = cost;
  const tokenMs = baseMs / sequences + rowMs;
  const needed = (rowMs * MARGIN) / tokenMs;
  if (needed >= rate) return 0;
  if (rate >= 1 || needed <= 0) return draftsMax;
  return Math.min(draftsMax, Math.floor(Math.log(needed) / Math.log(rate)));
}
