import { roundingEntries } from '../ledger/journal.ts';
import { periodStartMs, planInvoice } from '../ledger/plan-invoice.ts';
import { periodOf } from '../ledger/spend-leases.ts';
import type { Database } from '../store/database.ts';
import {
  failInvoices,
  insertInvoice,
  listOpenInvoices,
  listUnbilled,
  readBillFacts,
  type StoredInvoice,
  writeBilledThrough,
} from '../store/invoices.ts';
import { bookTransactions, lockBalances } from '../store/journal.ts';
import type { BillingContext } from './review-accounts.ts';

/** Usage that servers still hold when a month ends has this long to arrive. */
const graceMs = 3_600_000;
/** How long there is to pay. */
const paymentTermMs = 30 * 86_400_000;

/** Makes the invoices of months that are over, and marks those past their day as failed. Repeatable. */
export async function closeMonths({ db, now }: Pick<BillingContext, 'db' | 'now'>): Promise<StoredInvoice[]> {
  const made: StoredInvoice[] = [];
  const lastOver = periodBefore(periodOf(now() - graceMs));
  // Each round bills one month of each account: those that were missed follow in order.
  for (;;) {
    const unbilled = await listUnbilled(db, lastOver);
    if (unbilled.length === 0) break;
    for (const { account, period } of unbilled) {
      const invoice = await closeMonth(db, account, period, new Date(now()));
      if (invoice !== null) made.push(invoice);
    }
  }
  await failInvoices(db, { dueBefore: new Date(now()) });
  return made;
}

function periodBefore(period: string): string {
  return periodOf(periodStartMs(period) - 1);
}

async function closeMonth(
  db: Database,
  account: string,
  period: string,
  time: Date,
): Promise<StoredInvoice | null> {
  return db.transaction().execute(async (transaction) => {
    await lockBalances(transaction, [account]);
    const facts = await readBillFacts(transaction, account, period);
    // Another server was faster.
    if (facts.billedThrough >= period) return null;
    const open = await listOpenInvoices(transaction, account);
    const openInvoicesNanos = open.reduce((sum, invoice) => sum + invoice.restNanos, 0n);
    const totals = planInvoice({ ...facts, openInvoicesNanos });
    const isPaid = totals.dueNanos === 0n;
    const invoice: StoredInvoice = {
      name: `accounts/${account}/invoices/i-${period}`,
      account,
      period,
      state: isPaid ? 'PAID' : 'OPEN',
      subtotalNanos: totals.subtotalNanos,
      creditNanos: totals.creditNanos,
      dueNanos: totals.dueNanos,
      paidNanos: 0n,
      createTime: time,
      dueTime: new Date(time.getTime() + paymentTermMs),
      paidTime: isPaid ? time : null,
    };
    await insertInvoice(transaction, invoice);
    await writeBilledThrough(transaction, account, period);
    if (totals.roundingNanos !== 0n) {
      const entries = roundingEntries(account, totals.roundingNanos);
      const id = `rounding/${invoice.name}`;
      await bookTransactions(transaction, [
        { id, account, kind: 'rounding', timeMs: time.getTime(), entries },
      ]);
    }
    return invoice;
  });
}
