/** One side of a booking. Debits are positive: what the platform is owed or holds goes up. */
export interface LedgerEntry {
  /**
   * `receivable/A`, `cash`, `promotions`, `rounding`, `revenue/inference`, `revenue/gpu`, `revenue/training`.
   */
  readonly ledgerAccount: string;
  readonly nanos: bigint;
}

/** Something that happened to money, booked once however often it is told. Entries add up to zero. */
export interface LedgerTransaction {
  /** Says what it is about, such as `usage/<request id>`: the same id is never booked twice. */
  readonly id: string;
  readonly account: string;
  readonly kind: string;
  readonly timeMs: number;
  readonly detail?: Readonly<Record<string, string>>;
  readonly entries: readonly LedgerEntry[];
}

/**
 * What an account owes. Below zero it is credit: so credit is used before anything is owed, and money that
 * comes in pays what is owed before it becomes credit, with no rule besides addition.
 */
export const receivableOf = (account: string): string => `receivable/${account}`;

export type Revenue = 'inference' | 'gpu' | 'training';

export const usageEntries = (account: string, revenue: Revenue, nanos: bigint) =>
  pair(receivableOf(account), `revenue/${revenue}`, nanos);

/** Money that came in: for open bills first, the rest is prepaid credit. */
export const paymentEntries = (account: string, nanos: bigint) => pair('cash', receivableOf(account), nanos);

/** Credit that the platform gives away. */
export const grantEntries = (account: string, nanos: bigint) =>
  pair('promotions', receivableOf(account), nanos);

/** What a bill in whole cents is above (or below) the exact sum. */
export const roundingEntries = (account: string, nanos: bigint) =>
  pair(receivableOf(account), 'rounding', nanos);

function pair(debit: string, credit: string, nanos: bigint): readonly LedgerEntry[] {
  return [
    { ledgerAccount: debit, nanos },
    { ledgerAccount: credit, nanos: -nanos },
  ];
}

/** Credit that an account with this balance has left. */
export const creditOf = (balanceNanos: bigint): bigint => (balanceNanos < 0n ? -balanceNanos : 0n);
