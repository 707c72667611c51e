import { grantEntries, paymentEntries } from '../ledger/journal.ts';
import { planAllocation } from '../ledger/plan-invoice.ts';
import { failInvoices, listOpenInvoices, payInvoice } from '../store/invoices.ts';
import { bookTransactions, lockBalances } from '../store/journal.ts';
import { insertPayment, readPayment, type StoredPayment } from '../store/payments.ts';
import { type BillingContext, reviewAccounts } from './review-accounts.ts';

export interface PaymentWish {
  readonly account: string;
  /** Names the payment: told twice, it is booked once. */
  readonly id: string;
  readonly kind: 'payment' | 'grant';
  readonly state: 'SUCCEEDED' | 'FAILED';
  readonly amountNanos: bigint;
  readonly provider: string;
  readonly description: string;
  /** The invoice whose payment failed; null: none is meant. */
  readonly failedInvoice: string | null;
}

/**
 * Books money that came in (or that did not). It pays open invoices, the oldest first; the rest is credit.
 * Tiers rise and suspensions end at once. Returns what was recorded, also when it had been before.
 */
export async function recordPayment(context: BillingContext, wish: PaymentWish): Promise<StoredPayment> {
  const { account, id, kind, state, amountNanos } = wish;
  const name = `accounts/${account}/payments/${id}`;
  const time = new Date(context.now());
  const recorded = await context.db.transaction().execute(async (transaction) => {
    await lockBalances(transaction, [account]);
    const known = await readPayment(transaction, name);
    if (known !== null) return known;
    const payment = { name, account, kind, state, amountNanos, provider: wish.provider };
    const base = { ...payment, description: wish.description, createTime: time };
    if (state === 'FAILED') {
      if (wish.failedInvoice !== null) await failInvoices(transaction, { name: wish.failedInvoice });
      const failed = { ...base, invoicedNanos: 0n };
      await insertPayment(transaction, failed);
      return failed;
    }
    const parts = planAllocation(amountNanos, await listOpenInvoices(transaction, account));
    for (const part of parts) await payInvoice(transaction, part.name, part.nanos, time);
    const made = { ...base, invoicedNanos: parts.reduce((sum, part) => sum + part.nanos, 0n) };
    await insertPayment(transaction, made);
    const entries =
      kind === 'grant' ? grantEntries(account, amountNanos) : paymentEntries(account, amountNanos);
    await bookTransactions(transaction, [
      { id: name, account, kind, timeMs: time.getTime(), detail: { description: wish.description }, entries },
    ]);
    return made;
  });
  await reviewAccounts(context, account);
  return recorded;
}
