import { usageEntries } from '../ledger/journal.ts';
import { type GpuUse, planGpuCharges, type ReservedCapacity } from '../ledger/plan-gpu-charges.ts';
import type { PriceBook } from '../ledger/price-book.ts';
import { periodOf } from '../ledger/spend-leases.ts';
import { addCharges, type Charge } from '../store/charges.ts';
import type { Database, DatabaseOrTransaction } from '../store/database.ts';
import { bookTransactions, lockBalances } from '../store/journal.ts';
import {
  closeUnseen,
  listMeteredAccounts,
  type MeterReading,
  readMeter,
  seeServing,
  writeMeter,
} from '../store/serving-intervals.ts';
import { settleTotals } from '../store/settle-usage.ts';
import { type Budget, createLeaseSource, readHeld } from '../store/spend-leases.ts';

/** Who holds the budget that is reserved for accelerators. */
export const gpuLeaseHolder = 'gpu-meter';

/** A node that said nothing for this long is dead: what it served counts up to its last word. */
const deadMs = 60_000;

export interface GpuMeterParts {
  readonly db: Database;
  /** Node whose replicas this process supervises. */
  readonly node: string;
  readonly prices: PriceBook;
  /** Reservations of an account that touch a span of time (seconds since 1970). */
  reservationsOf(
    db: DatabaseOrTransaction,
    account: string,
    from: number,
    to: number,
  ): Promise<readonly ReservedCapacity[]>;
  /** What an account may spend: the seconds until the next look are reserved ahead. */
  budgetOf(account: string): Budget;
  now(): number;
}

/** Seconds that are reserved ahead: two looks of the meter, so that one may be late. */
const aheadSeconds = 10;

/**
 * Charges accelerator seconds up to now: from the moment a replica serves to the moment it stops, what
 * reservations cover first. Each second is charged once, whoever calls this and whenever it died.
 */
export async function meterGpus(parts: GpuMeterParts): Promise<void> {
  const { db, node, now } = parts;
  const time = new Date(now());
  await seeServing(db, node, time);
  await closeUnseen(db, { unseenSince: new Date(now() - deadMs) });
  for (const account of await listMeteredAccounts(db)) {
    await db.transaction().execute((transaction) => chargeAccount(transaction, parts, account));
    await reserveAhead(parts, account);
  }
}

/**
 * Reserves what the accelerators that serve now will cost until the next look. Where the budget has no room,
 * the account is at its end: the review suspends it, and its replicas stop.
 */
async function reserveAhead({ db, prices, budgetOf, now }: GpuMeterParts, account: string): Promise<void> {
  const { intervals } = await readMeter(db, account);
  const perSecond = intervals
    .filter(({ isOpen }) => isOpen)
    .reduce(
      (sum, one) => sum + one.acceleratorCount * (prices.acceleratorSeconds[one.acceleratorType] ?? 0),
      0,
    );
  const period = periodOf(now());
  const source = createLeaseSource(db, gpuLeaseHolder, budgetOf);
  const held = await readHeld(db, gpuLeaseHolder, account, period);
  const missing = perSecond * aheadSeconds - held;
  if (missing < 0) return source.giveBack(account, period, -missing);
  if (missing > 0 && (await source.extend(account, period, missing)) < missing) {
    await source.refused?.(account, period);
  }
}

async function chargeAccount(transaction: Database, parts: GpuMeterParts, account: string): Promise<void> {
  await lockBalances(transaction, [account]);
  const span = findSpan(await readMeter(transaction, account), Math.floor(parts.now() / 1000));
  if (span === null) return;
  const { from, to, intervals } = span;
  const reservations = await parts.reservationsOf(transaction, account, from, to);
  const uses = planGpuCharges(intervals, reservations, from, to);
  const charges = uses.flatMap((use) => toCharges(account, use, parts.prices));
  await bookTransactions(
    transaction,
    charges
      .filter(({ costNanos }) => costNanos > 0)
      .map((charge) => ({
        id: `gpu/${charge.deployment}/${charge.item}/${charge.day}/${from}`,
        account,
        kind: 'gpu',
        timeMs: to * 1000,
        detail: { deployment: charge.deployment ?? '', seconds: String(charge.gpuSeconds) },
        entries: usageEntries(account, 'gpu', BigInt(charge.costNanos)),
      })),
  );
  await settleTotals(
    transaction,
    gpuLeaseHolder,
    charges.map(({ period, costNanos }) => ({ account, period, nanos: BigInt(costNanos) })),
  );
  await addCharges(transaction, charges);
  await writeMeter(transaction, account, to);
}

/** From the last charge to what all nodes have told; null when there is nothing to charge. */
function findSpan({ chargedUntil, seenUntil, intervals }: MeterReading, nowSeconds: number) {
  if (intervals.length === 0) return null;
  const first = Math.min(...intervals.map((interval) => interval.from));
  const from = Math.max(chargedUntil ?? first, first);
  const to = seenUntil ?? nowSeconds;
  return to <= from ? null : { from, to, intervals };
}

function toCharges(account: string, use: GpuUse, prices: PriceBook): Charge[] {
  const { day, deployment, model, acceleratorType: item } = use;
  const base = { account, period: day.slice(0, 7), day, item, model, deployment };
  const price = prices.acceleratorSeconds[item] ?? 0;
  const charges: Charge[] = [];
  if (use.meteredSeconds > 0) {
    const gpuSeconds = use.meteredSeconds;
    charges.push({ ...base, kind: 'gpu', gpuSeconds, costNanos: gpuSeconds * price });
  }
  if (use.reservedSeconds > 0) {
    // Paid by the contract of the reservation, billed apart from this.
    charges.push({ ...base, kind: 'reserved-gpu', gpuSeconds: use.reservedSeconds, costNanos: 0 });
  }
  return charges;
}
