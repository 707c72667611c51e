import { join } from 'node:path';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import { countDayTokens, forgetRateLoans } from '../billing/count-day-tokens.ts';
import type { RequestJournal } from '../inference/open-request.ts';
import { recoverUsage } from '../inference/recover-usage.ts';
import { defaultPriceBook, type PriceBook } from '../ledger/price-book.ts';
import type { SpendGuard } from '../ledger/spend-guard.ts';
import { SpendLeases } from '../ledger/spend-leases.ts';
import type { Settings } from '../settings.ts';
import { findStoredRequests, type OpenRequests, openRequests } from '../store/open-requests.ts';
import { settleUsage, toCostly } from '../store/settle-usage.ts';
import { type Budget, createLeaseSource, returnAllLeases } from '../store/spend-leases.ts';
import { createUsageSink, type RunningUsageSink } from '../store/usage-sink.ts';
import type { AccountStandings } from './account-standings.ts';
import { createPresence } from './gateway-presence.ts';
import type { OpenStore } from './open-store.ts';
import type { StopList } from './stop-list.ts';

const tidyMs = 5_000;

export interface Spending {
  readonly usage: RunningUsageSink;
  readonly journal: RequestJournal;
  readonly gatewayId: string;
  readonly spending: { readonly guard: SpendGuard; readonly prices: PriceBook };
}

/**
 * Metering and budgets. What the last life of this gateway recorded is stored and settled first, then
 * what its requests under way used; only then are the leases that it held given back, so that nothing it
 * spent is ever lent again.
 */
export async function openSpending(parts: {
  readonly settings: Settings;
  readonly store: OpenStore;
  readonly standings: AccountStandings;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly stops: StopList;
}): Promise<Spending> {
  const { settings, store, standings, log, metrics, stops } = parts;
  const { db } = store.database;
  const gateway = store.dataFolder.nodeId;
  const folder = join(settings.dataFolder, 'spool');
  const onProblem = (text: string, error?: Error) => log.warn({ err: error }, text);
  const journal = openRequests(folder, onProblem);
  const usage = createUsageSink(db, {
    folder,
    onProblem,
    async afterInsert(transaction, stored) {
      await settleUsage(transaction, gateway, stored.map(toCostly));
      await countDayTokens(transaction, gateway, stored);
    },
  });
  const presence = createPresence({ settings, db, gateway, log });
  await presence.begin();
  await usage.flush();
  await settleLeft({ store, journal, usage, log, metrics });
  await returnAllLeases(db, { gateway });
  await forgetRateLoans(db, gateway);
  const leases = new SpendLeases({
    source: createLeaseSource(db, gateway, budgetOf(standings)),
    standingOf: standings.of,
    now: Date.now,
    mayTrust: presence.isHeard,
  });
  const warn = (error: Error) =>
    log.warn({ err: error }, 'what was lent to this gateway could not be given back yet');
  let tidying: Promise<void> | null = null;
  const tidy = (): void => {
    tidying ??= presence
      .beat(leases)
      .then(() => leases.tidy())
      .catch(warn)
      .finally(() => {
        tidying = null;
      });
  };
  const timer = setInterval(tidy, tidyMs).unref();
  stops.add('budgets', async () => {
    clearInterval(timer);
    await tidying;
    await usage.close();
    journal.close();
    await leases.close().catch(warn);
    await presence.end().catch(warn);
  });
  return { usage, journal, gatewayId: gateway, spending: { guard: leases, prices: defaultPriceBook } };
}

/** Bills what the last life was serving when it was killed, as far as the replicas know it. */
async function settleLeft(parts: {
  readonly store: OpenStore;
  readonly journal: OpenRequests;
  readonly usage: RunningUsageSink;
  readonly log: Logger;
  readonly metrics: Registry;
}): Promise<void> {
  const { store, journal, usage, log, metrics } = parts;
  const counter = new Counter({
    name: 'sparkler_requests_left_total',
    help: 'Requests that a killed life of this gateway was serving: billed by the next one, or lost.',
    labelNames: ['end'],
    registers: [metrics],
  });
  for (const end of ['billed', 'lost']) counter.inc({ end }, 0);
  const ids = journal.left.map(({ requestId }) => requestId);
  if (ids.length > 0) {
    const stored = await findStoredRequests(store.database.db, ids);
    const recovered = await recoverUsage(journal.left.filter(({ requestId }) => !stored.has(requestId)));
    for (const record of recovered.usage) usage.record(record);
    await usage.flush();
    const counts = { billed: recovered.usage.length, lost: recovered.lost.length };
    counter.inc({ end: 'billed' }, counts.billed);
    counter.inc({ end: 'lost' }, counts.lost);
    const text = 'settled the requests that the last life of this gateway was serving when it was killed';
    if (counts.billed + counts.lost > 0) {
      const requestIds = recovered.lost.slice(0, 100).map(({ requestId }) => requestId);
      log.warn({ ...counts, requestIds }, text);
    }
  }
  journal.forgetLeft();
}

/** What accounts may spend, as the database lends it. */
export function budgetOf(standings: AccountStandings): (account: string) => Budget {
  return (account) => {
    const { monthlyLimitNanos, creditOnly = false } = standings.of(account);
    return { limitNanos: monthlyLimitNanos, creditOnly };
  };
}
