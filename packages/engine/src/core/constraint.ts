/**
 * A per-request restriction of the next token: a grammar matcher, seen from the scheduler.
 * `packages/grammar`'s matcher satisfies it. Order of use: `allows` for the token sampled first, `fillMask`
 * only when it is refused.
 */
export interface Constraint {
  /** Whether this token may come next. */
  allows(token: number): boolean;
  /** Sets bit t (`mask[t >> 5] |= 1 << (t & 31)`) for each allowed token t; clears the others. */
  fillMask(mask: Uint32Array): void;
  /** Advances by one token. False (and nothing changed) if it is not allowed. */
  accept(token: number): boolean;
  /** Tokens that must come next whatever is sampled; empty when there is a choice. */
  forcedTokens(): readonly number[];
  /** Takes back the last `count` accepted tokens. */
  rollback(count: number): void;
  /** The text so far is a complete sentence: an end token is allowed now. */
  readonly canEnd: boolean;
  /** Nothing but an end token may follow. */
  readonly mustEnd: boolean;
}

/** Makes one constraint per choice. */
export type ConstraintFactory = () => Constraint;
