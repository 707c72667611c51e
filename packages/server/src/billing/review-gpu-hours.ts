import { planQuota, quotaRules } from '../ledger/quotas.ts';
import { periodOf } from '../ledger/spend-leases.ts';
import { readSetQuotas } from '../store/account-quotas.ts';
import { readGpuHours, writeGpuHoursSpent } from '../store/gpu-hours.ts';
import { listStoppable } from '../store/standing-facts.ts';
import type { BillingContext } from './review-accounts.ts';

/**
 * Marks accounts that used their accelerator hours of this month, and takes that back where the month or the
 * quota is another. Their deployments are looked at again: what reservations do not cover ends, or comes
 * back. Repeatable. Returns the accounts that changed.
 */
export async function reviewGpuHours({ db, queue, now }: BillingContext): Promise<string[]> {
  const period = periodOf(now());
  const quotas = await readSetQuotas(db, null);
  const changed: string[] = [];
  for (const { account, hours, spentPeriod, isHouse } of await readGpuHours(db, period)) {
    const { value } = planQuota(mostHoursOf(isHouse), quotas.get(account)?.get('gpu-hours-per-month'));
    const next = hours >= value ? period : null;
    if (next === spentPeriod) continue;
    await db.transaction().execute(async (transaction) => {
      await writeGpuHoursSpent(transaction, account, next);
      for (const request of await listStoppable(transaction, account))
        await queue.request(request, transaction);
    });
    changed.push(account);
  }
  return changed;
}

/** The operator's own accounts use the operator's own accelerators. */
export function mostHoursOf(isHouse: boolean): number {
  return isHouse ? Number.MAX_SAFE_INTEGER : quotaRules['gpu-hours-per-month'].most;
}
