import { usageEntries } from '../ledger/journal.ts';
import { findTrainingPrice, type PriceBook } from '../ledger/price-book.ts';
import { periodOf } from '../ledger/spend-leases.ts';
import { addCharges } from '../store/charges.ts';
import type { Database } from '../store/database.ts';
import { bookTransactions, lockBalances } from '../store/journal.ts';
import { settleTotals } from '../store/settle-usage.ts';
import { createLeaseSource, returnAllLeases } from '../store/spend-leases.ts';
import {
  deleteTrainingMeter,
  insertTrainingMeter,
  listTrainingMeters,
  lockTrainingMeter,
  readParameterCount,
  type TrainingMeter,
  writeChargedTokens,
} from '../store/training-meters.ts';
import { budgetOf, checkMaySpend } from './check-may-spend.ts';

export interface TrainingWish {
  /** Of the order. */
  readonly uid: string;
  readonly job: string;
  readonly account: string;
  readonly baseModel: string;
  /** The most tokens that will be seen: those of the dataset, times the epochs. */
  readonly tokensMax: number;
}

/**
 * Reserves what a fine-tuning job may cost. Returns false when the budget has no room for it; throws ApiError
 * for a suspended account.
 */
export async function reserveTraining(
  db: Database,
  prices: PriceBook,
  wish: TrainingWish,
  nowMs: number,
): Promise<boolean> {
  const standing = await checkMaySpend(db, wish.account, nowMs);
  const period = periodOf(nowMs);
  const tokenPrice = findTrainingPrice(prices, await readParameterCount(db, wish.baseModel));
  const worstNanos = Math.ceil(wish.tokensMax * tokenPrice);
  const source = createLeaseSource(db, wish.uid, () => budgetOf(standing));
  const granted = worstNanos === 0 ? 0 : await source.extend(wish.account, period, worstNanos);
  if (granted < worstNanos) {
    await source.giveBack(wish.account, period, granted);
    return false;
  }
  const { uid, job, account, baseModel: model } = wish;
  await insertTrainingMeter(db, { uid, job, account, model, tokenPrice, period });
  return true;
}

/** Charges tokens that trainers have seen since the last time, and gives back what ended jobs still hold. */
export async function chargeTraining(db: Database, nowMs: number): Promise<void> {
  for (const meter of await listTrainingMeters(db)) {
    await db.transaction().execute((transaction) => chargeJob(transaction, meter, nowMs));
    if (!meter.isOver) continue;
    await returnAllLeases(db, { gateway: meter.uid });
    if (meter.isGone) await deleteTrainingMeter(db, meter.uid);
  }
}

async function chargeJob(transaction: Database, meter: TrainingMeter, nowMs: number): Promise<void> {
  const { uid, job, account, model, chargedTokens, tokenPrice, trainedTokens: total } = meter;
  if (total <= chargedTokens) return;
  await lockBalances(transaction, [account]);
  if (!(await lockTrainingMeter(transaction, meter))) return;
  const trainingTokens = total - chargedTokens;
  const costNanos = trainingTokens * tokenPrice;
  const day = new Date(nowMs).toISOString().slice(0, 10);
  if (costNanos > 0) {
    const entries = usageEntries(account, 'training', BigInt(costNanos));
    await bookTransactions(transaction, [
      { id: `training/${uid}/${total}`, account, kind: 'training', timeMs: nowMs, detail: { job }, entries },
    ]);
    await settleTotals(transaction, uid, [{ account, period: meter.period, nanos: BigInt(costNanos) }]);
  }
  await addCharges(transaction, [
    {
      account,
      period: day.slice(0, 7),
      day,
      kind: 'training',
      model,
      deployment: job,
      trainingTokens,
      costNanos,
    },
  ]);
  await writeChargedTokens(transaction, uid, total);
}
