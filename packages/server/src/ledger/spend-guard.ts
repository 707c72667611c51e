/** What one account may spend now. */
export interface SpendStanding {
  /** Nano-dollars a month; null: no limit. */
  readonly monthlyLimitNanos: bigint | null;
  /** Why it may not spend at all; null: it may. */
  readonly suspension: string | null;
  /** Only credit can be spent: nobody would pay a bill. Left out: no. */
  readonly creditOnly?: boolean;
}

/** A part of an account's budget that this process may spend without asking the database. */
export interface LeaseSource {
  /**
   * Asks for `wantNanos` more on the lease of this process for an account and month. Returns what was
   * granted, which is less near the limit, and 0 when the budget is used up or lent to others.
   */
  extend(account: string, period: string, wantNanos: number): Promise<number>;
  /** Tells that a request found no room: the account is at its end, or near it. */
  refused?(account: string, period: string): Promise<void>;
  /** Gives back what is not used. */
  giveBack(account: string, period: string, nanos: number): Promise<void>;
}

/** Room for one request; end it exactly once. */
export interface SpendReservation {
  /** Month whose budget it counts against: written into the usage record. */
  readonly period: string;
  /** The request ended and cost this much: the rest of its room is free again. */
  settle(costNanos: number): void;
}

/** The account may not spend (more): suspended, or its limit is reached. The message is for the caller. */
export class SpendRefusedError extends Error {
  override name = 'SpendRefusedError';
}

export function refuseSuspended(account: string, suspension: string | null): void {
  if (suspension !== null) throw new SpendRefusedError(`the account ${account} is suspended: ${suspension}`);
}

export interface SpendGuard {
  /**
   * Throws SpendRefusedError for a suspended account: also what costs nothing by the token is stopped then.
   */
  check(account: string): void;
  /**
   * Reserves the most a request can cost. At once while the lease has room; else after asking for more.
   * Throws (or rejects with) SpendRefusedError.
   */
  reserve(account: string, worstNanos: number): SpendReservation | Promise<SpendReservation>;
}
