import type { Sequence } from '../sequence.ts';

export interface Proposals {
  /** For each sequence asked for: up to `count` tokens, fewer or none where it cannot. */
  readonly drafts: readonly (readonly number[])[];
  /** What they took to make. */
  readonly forwardMs: number;
}

/** A small model that guesses what the served one will say. Both have the same vocabulary. */
export interface DraftModel {
  propose(wanted: readonly { readonly sequence: Sequence; readonly count: number }[]): Promise<Proposals>;
  /** The sequence ended; what was kept for it may go. */
  forget(sequence: Sequence): void;
}
