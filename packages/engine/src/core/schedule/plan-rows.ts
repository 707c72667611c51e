/** A sequence that may run in this step, as the planner sees it. */
export interface RowsWanted {
  /** Tokens not computed yet. */
  readonly pending: number;
  /** It has output already and few pending tokens: it must get on in every step. */
  readonly decoding: boolean;
  /** Draft tokens it would like to have verified. */
  readonly drafts: number;
  readonly priority: number;
  /** Steps in a row without rows. */
  readonly passedOver: number;
  readonly arrival: number;
  /** Every pending row needs logits (prompt log probabilities). */
  readonly everyLogit: boolean;
}

export interface RowLimits {
  /** Rows of the whole batch. */
  readonly rowsMax: number;
  /** Rows of prompts within it. */
  readonly prefillRowsMax: number;
  /** Rows with logits. */
  readonly logitRowsMax: number;
}

export interface RowsPlanned {
  /** Pending tokens to compute; 0: sits this step out. */
  rows: number;
  /** Draft tokens to verify behind them. */
  drafts: number;
}

/** A prompt that got no rows for so many steps goes before shorter ones. */
const PASSED_OVER_MAX = 4;
/** Part of the batch that decodes leave to prompts when both want all of it. */
const PREFILL_SHARE = 0.25;

/**
 * Divides one batch. Decodes come first, so they never starve; what prompts may take is bounded, so they
 * stall nobody for more than one chunk; drafts get what is left over. Among prompts the one with least left
 * goes first (best mean time to first token), unless one was passed over too often. Pure; the result is
 * aligned with `wanted`.
 */
export function planRows(wanted: readonly RowsWanted[], limits: RowLimits): RowsPlanned[] {
  const planned: RowsPlanned[] = wanted.map(() => ({ rows: 0, drafts: 0 }));
  const places = wanted.map((_, place) => place);
  const decodes = places.filter((place) => wanted[place]!.decoding);
  const prefills = places.filter((place) => !wanted[place]!.decoding && wanted[place]!.pending > 0);
  decodes.sort((a, b) => compareDecodes(wanted[a]!, wanted[b]!));
  prefills.sort((a, b) => comparePrefills(wanted[a]!, wanted[b]!));

  let rowsLeft = limits.rowsMax;
  let logitsLeft = limits.logitRowsMax;
  const share = planPrefillShare(wanted, limits);
  for (const place of decodes) {
    const rows = Math.min(wanted[place]!.pending, rowsLeft - share);
    if (rows <= 0 || logitsLeft === 0) continue;
    planned[place]!.rows = rows;
    rowsLeft -= rows;
    logitsLeft--;
  }
  let prefillLeft = Math.min(rowsLeft, limits.prefillRowsMax);
  for (const place of prefills) {
    const { pending, everyLogit } = wanted[place]!;
    const rows = Math.min(pending, prefillLeft, everyLogit ? logitsLeft : pending);
    if (rows === 0 || logitsLeft === 0) continue;
    planned[place]!.rows = rows;
    prefillLeft -= rows;
    rowsLeft -= rows;
    logitsLeft -= everyLogit ? rows : 1;
  }
  for (const place of decodes) {
    if (planned[place]!.rows < wanted[place]!.pending) continue;
    const drafts = Math.min(wanted[place]!.drafts, rowsLeft, logitsLeft);
    planned[place]!.drafts = drafts;
    rowsLeft -= drafts;
    logitsLeft -= drafts;
  }
  return planned;
}

/**
 * Rows that decodes must leave to prompts. In a tiny batch the share rounds to none; there one prompt gets a
 * row once it waited too long, and longer than every decode.
 */
function planPrefillShare(wanted: readonly RowsWanted[], limits: RowLimits): number {
  let pending = 0;
  const waited = { decodes: 0, prefills: 0 };
  for (const row of wanted) {
    if (!row.decoding) pending += row.pending;
    const kind = row.decoding ? 'decodes' : 'prefills';
    waited[kind] = Math.max(waited[kind], row.passedOver);
  }
  const isDue = waited.prefills >= PASSED_OVER_MAX && waited.prefills >= waited.decodes;
  const share = Math.max(isDue ? 1 : 0, Math.floor(limits.rowsMax * PREFILL_SHARE));
  return Math.min(pending, limits.prefillRowsMax, share);
}

function compareDecodes(a: RowsWanted, b: RowsWanted): number {
  return b.passedOver - a.passedOver || b.priority - a.priority || a.arrival - b.arrival;
}

function comparePrefills(a: RowsWanted, b: RowsWanted): number {
  const aWaited = a.passedOver >= PASSED_OVER_MAX ? a.passedOver : 0;
  const bWaited = b.passedOver >= PASSED_OVER_MAX ? b.passedOver : 0;
  return bWaited - aWaited || b.priority - a.priority || a.pending - b.pending || a.arrival - b.arrival;
}
