import { join } from 'node:path';
import type { Logger } from 'pino';
import type { UsageRecord } from '../inference/metering.ts';
import { defaultPriceBook, type PriceBook } from '../ledger/price-book.ts';
import type { SpendGuard } from '../ledger/spend-guard.ts';
import { SpendLeases } from '../ledger/spend-leases.ts';
import type { Settings } from '../settings.ts';
import { type CostlyUsage, settleUsage } from '../store/settle-usage.ts';
import { type Budget, createLeaseSource, returnAllLeases } from '../store/spend-leases.ts';
import { createUsageSink, type RunningUsageSink } from '../store/usage-sink.ts';
import type { AccountStandings } from './account-standings.ts';
import type { OpenStore } from './open-store.ts';
import type { StopList } from './stop-list.ts';

const tidyMs = 5_000;

export interface Spending {
  readonly usage: RunningUsageSink;
  readonly spending: { readonly guard: SpendGuard; readonly prices: PriceBook };
}

/**
 * Metering and budgets. What the last life of this gateway recorded is stored and settled first; only then
 * are the leases that it held given back, so that nothing it spent is ever lent again.
 */
export async function openSpending(parts: {
  readonly settings: Settings;
  readonly store: OpenStore;
  readonly standings: AccountStandings;
  readonly log: Logger;
  readonly stops: StopList;
}): Promise<Spending> {
  const { settings, store, standings, log, stops } = parts;
  const { db } = store.database;
  const gateway = store.dataFolder.nodeId;
  const usage = createUsageSink(db, {
    folder: join(settings.dataFolder, 'spool'),
    onProblem: (text, error) => log.warn({ err: error }, text),
    afterInsert: (transaction, stored) => settleUsage(transaction, gateway, stored.map(toCostly)),
  });
  await usage.flush();
  await returnAllLeases(db, { gateway });
  const leases = new SpendLeases({
    source: createLeaseSource(db, gateway, budgetOf(standings)),
    standingOf: standings.of,
    now: Date.now,
  });
  const warn = (error: Error) =>
    log.warn({ err: error }, 'what was lent to this gateway could not be given back yet');
  const timer = setInterval(() => leases.tidy().catch(warn), tidyMs).unref();
  stops.add('budgets', async () => {
    clearInterval(timer);
    await usage.close();
    await leases.close().catch(warn);
  });
  return { usage, spending: { guard: leases, prices: defaultPriceBook } };
}

/** What accounts may spend, as the database lends it. */
export function budgetOf(standings: AccountStandings): (account: string) => Budget {
  return (account) => {
    const { monthlyLimitNanos, creditOnly = false } = standings.of(account);
    return { limitNanos: monthlyLimitNanos, creditOnly };
  };
}

function toCostly(usage: UsageRecord): CostlyUsage {
  const { period = '', costNanos = 0, startTimeMs } = usage;
  return { ...usage, period, costNanos, time: new Date(startTimeMs) };
}
