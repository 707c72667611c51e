import { ApiError, invalidField } from '@sparkler/api';
import { readAccount } from '../../store/accounts.ts';
import { readInvoice } from '../../store/invoices.ts';
import type { StoredPayment } from '../../store/payments.ts';
import { recordPayment } from '../record-payment.ts';
import type { BillingContext } from '../review-accounts.ts';
import type { PaymentEvent } from './payment-provider.ts';

/**
 * Books how a payment ended, once for each id of a provider. A failed one suspends the account, one that
 * succeeds pays its open invoices and lifts the suspension. Throws ApiError for what can't be booked.
 */
export async function recordPaymentEvent(
  context: BillingContext,
  provider: string,
  event: PaymentEvent,
): Promise<StoredPayment> {
  const { account, invoice, state, amountNanos, description } = event;
  if (!/^[\w-]{1,100}$/.test(event.id)) {
    throw invalidField('id', `a payment of ${provider} has an id that is not 1 to 100 of [A-Za-z0-9_-]`);
  }
  if (amountNanos <= 0n) throw invalidField('amount', `the payment ${event.id} has no amount above 0`);
  if (state === 'FAILED' && invoice === null) {
    throw invalidField('invoice', `the failed payment ${event.id} does not name its invoice`);
  }
  if ((await readAccount(context.db, account)) === null) {
    throw new ApiError('NOT_FOUND', `there is no accounts/${account}`);
  }
  if (invoice !== null && (await readInvoice(context.db, invoice))?.account !== account) {
    throw new ApiError('NOT_FOUND', `accounts/${account} has no ${invoice}`);
  }
  return recordPayment(context, {
    account,
    id: `${provider}-${event.id}`,
    kind: 'payment',
    state,
    amountNanos,
    provider,
    description: description.slice(0, 255),
    failedInvoice: state === 'FAILED' ? invoice : null,
  });
}
