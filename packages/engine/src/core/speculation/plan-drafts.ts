/** What drafts of one sequence cost in the step being planned. */
export interface DraftCost {
  /** Estimated milliseconds of a step with so many rows. */
  readonly stepMs: (rows: number) => number;
  /** Rows of the step so far. */
  readonly rows: number;
  /** What a token of a sequence costs without drafts. */
  readonly tokenMs: number;
  /** Making one draft token: nothing from text, a step of a draft model otherwise. */
  readonly draftMs: number;
}

/** Drafts have to earn this much more than they cost: estimates are noisy. */
const MARGIN = 1.05;

/**
 * Kernels for many rows take four at a time, and what is left over one by one: of SmolLM2-135M on one core 16
 * rows take 50 ms, 18 take 75. Steps are filled to such groups, so that only their costs are ever learned.
 */
const ROW_GROUP = 4;

/**
 * How many draft tokens pay off most, 0 if none do. `rateAt(i)`: how likely the draft at place i is right if
 * those before it are. Each is accepted with the product of the rates up to its own and then saves a token's
 * time; all cost rows and their making whether accepted or not. The whole range is looked at, because the
 * cost of rows has jumps: on a CPU three drafts can lose where fifteen win. Pure.
 */
export function planDraftLength(
  rateAt: (ahead: number) => number,
  cost: DraftCost,
  draftsMax: number,
): number {
  const { stepMs, rows, tokenMs, draftMs } = cost;
  const plainMs = stepMs(rows);
  /** Too few to fill a group: then all or none. */
  const fillsNone = Math.floor((rows + draftsMax) / ROW_GROUP) === Math.floor(rows / ROW_GROUP);
  let best = 0;
  let bestGain = 0;
  let accepted = 0;
  let chance = 1;
  for (let drafts = 1; drafts <= draftsMax; drafts++) {
    chance *= rateAt(drafts - 1);
    accepted += chance;
    if ((rows + drafts) % ROW_GROUP !== 0 && !(fillsNone && drafts === draftsMax)) continue;
    const gain = accepted * tokenMs - MARGIN * (stepMs(rows + drafts) - plainMs + drafts * draftMs);
    if (gain <= bestGain) continue;
    best = drafts;
    bestGain = gain;
  }
  return best;
}
