import { roundToCents, smallerOf } from './money.ts';

export interface InvoiceFacts {
  /** Sum of the receivable entries of the account now; below zero: credit. */
  readonly balanceNanos: bigint;
  /** Charges of the month that is billed. */
  readonly subtotalNanos: bigint;
  /** Charges of later months that are in the balance already. */
  readonly laterChargesNanos: bigint;
  /** What earlier invoices still ask for. */
  readonly openInvoicesNanos: bigint;
}

export interface InvoiceTotals {
  readonly subtotalNanos: bigint;
  /** Of the subtotal, what credit and payments have covered already. */
  readonly creditNanos: bigint;
  /** Whole cents. */
  readonly dueNanos: bigint;
  /** What is booked so that the account owes whole cents. */
  readonly roundingNanos: bigint;
}

/**
 * What a month's invoice asks for: what is owed and was on no invoice yet. Deposited credit was used first,
 * and deposits have paid what was owed when they came (spec, "Credit system").
 */
export function planInvoice(facts: InvoiceFacts): InvoiceTotals {
  const { subtotalNanos } = facts;
  const owed = facts.balanceNanos - facts.laterChargesNanos - facts.openInvoicesNanos;
  const exact = owed < 0n ? 0n : smallerOf(owed, subtotalNanos);
  const dueNanos = roundToCents(exact);
  return {
    subtotalNanos,
    creditNanos: subtotalNanos - exact,
    dueNanos,
    roundingNanos: dueNanos - exact,
  };
}

export interface OpenInvoice {
  readonly name: string;
  readonly period: string;
  readonly restNanos: bigint;
}

/** Which invoices a payment pays: the oldest first, part of the last one if it does not suffice. */
export function planAllocation(
  amountNanos: bigint,
  open: readonly OpenInvoice[],
): readonly { readonly name: string; readonly nanos: bigint }[] {
  let rest = amountNanos;
  const parts: { name: string; nanos: bigint }[] = [];
  for (const invoice of open.toSorted((left, right) => (left.period < right.period ? -1 : 1))) {
    const nanos = smallerOf(rest, invoice.restNanos);
    if (nanos <= 0n) break;
    parts.push({ name: invoice.name, nanos });
    rest -= nanos;
  }
  return parts;
}

/** The month after (`2026-12` -> `2027-01`). */
export function nextPeriod(period: string): string {
  const [year = 0, month = 0] = period.split('-').map(Number);
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 7);
}

export function periodStartMs(period: string): number {
  return Date.parse(`${period}-01T00:00:00.000Z`);
}
