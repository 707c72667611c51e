import type { Logger } from 'pino';
import { chargeTraining } from '../billing/charge-training.ts';
import { closeMonths } from '../billing/close-months.ts';
import { meterGpus } from '../billing/meter-gpus.ts';
import { chargeInvoices } from '../billing/payments/charge-invoices.ts';
import type { PaymentProvider } from '../billing/payments/payment-provider.ts';
import { reviewAccounts } from '../billing/review-accounts.ts';
import { reviewGpuHours } from '../billing/review-gpu-hours.ts';
import { defaultPriceBook } from '../ledger/price-book.ts';
import type { Database } from '../store/database.ts';
import type { ReconcileQueue } from '../store/reconcile-queue.ts';
import { readReservedCapacity } from '../store/reservations.ts';
import type { AccountStandings } from './account-standings.ts';
import { budgetOf } from './open-spending.ts';
import type { StopList } from './stop-list.ts';

const lookMs = 5_000;

/**
 * Bills by the clock: accelerator seconds, training tokens, invoices of months that are over, and who may go
 * on. Every part may run on several servers at once, and is repeated until it succeeds.
 */
export function startBilling(
  parts: {
    readonly db: Database;
    readonly queue: ReconcileQueue;
    readonly node: string;
    readonly standings: AccountStandings;
    readonly payments: PaymentProvider;
    readonly log: Logger;
  },
  stops: StopList,
): void {
  const { db, queue, node, standings, payments, log } = parts;
  const now = Date.now;
  const meter = {
    db,
    node,
    now,
    prices: defaultPriceBook,
    reservationsOf: readReservedCapacity,
    budgetOf: budgetOf(standings),
  };
  let looking: Promise<void> | null = null;
  async function look(): Promise<void> {
    await meterGpus(meter);
    for (const account of await reviewGpuHours({ db, queue, now })) {
      log.info({ account }, 'the account used up its accelerator hours, or has some again');
    }
    await chargeTraining(db, now());
    await closeMonths({ db, now });
    for (const { invoice, error } of await chargeInvoices({ db, queue, now }, payments)) {
      log.warn({ err: error, invoice }, 'the payments provider could not be asked; it is tried again');
    }
    for (const change of await reviewAccounts({ db, queue, now })) {
      log.info(
        { account: change.account, from: change.from, to: change.to },
        'the account changed its standing',
      );
    }
  }
  const run = (): void => {
    looking ??= look()
      .catch((error) => log.warn({ err: error }, 'billing did not finish; the next look goes on'))
      .finally(() => {
        looking = null;
      });
  };
  const timer = setInterval(run, lookMs).unref();
  stops.add('billing', async () => {
    clearInterval(timer);
    await looking;
  });
}
