import { listUncharged, writeChargeTime } from '../../store/invoice-charges.ts';
import type { BillingContext } from '../review-accounts.ts';
import type { PaymentProvider } from './payment-provider.ts';
import { recordPaymentEvent } from './record-payment-event.ts';

export interface FailedCharge {
  readonly invoice: string;
  readonly error: unknown;
}

/**
 * Asks the provider once for the money of each open invoice. Repeatable, also at once on several servers and
 * after a crash: the provider knows an invoice that it was asked for. Returns those it could not be asked
 * for; they come again.
 */
export async function chargeInvoices(
  context: BillingContext,
  provider: PaymentProvider,
): Promise<FailedCharge[]> {
  const failed: FailedCharge[] = [];
  for (const charge of await listUncharged(context.db)) {
    try {
      const outcome = await provider.charge(charge);
      if (outcome !== 'PENDING') await recordPaymentEvent(context, provider.id, outcome);
      await writeChargeTime(context.db, charge.invoice, new Date(context.now()));
    } catch (error) {
      failed.push({ invoice: charge.invoice, error });
    }
  }
  return failed;
}
