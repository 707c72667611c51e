import type { Sequence } from '../sequence.ts';

/** A small model that guesses what the served one will say. Both have the same vocabulary. */
export interface DraftModel {
  /** Up to `count` tokens after the text of each sequence; fewer or none where it cannot. */
  propose(
    wanted: readonly { readonly sequence: Sequence; readonly count: number }[],
  ): Promise<readonly (readonly number[])[]>;
  /** The sequence ended; what was kept for it may go. */
  forget(sequence: Sequence): void;
}
