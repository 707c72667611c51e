import { ApiError, changeResource, invalidField, listItems } from '@sparkler/api';
import { type Quota, quotas } from '@sparkler/api/resources';
import type { Static } from 'typebox';
import { mostHoursOf } from '../billing/review-gpu-hours.ts';
import { checkIfMatch } from '../http/etag.ts';
import { isOperator } from '../http/mount-access.ts';
import { planQuota, type QuotaId, quotaIds, quotaRules } from '../ledger/quotas.ts';
import { type Tier, tierRules } from '../ledger/tiers.ts';
import { readSetQuotas, writeSetQuota } from '../store/account-quotas.ts';
import { readQuotaFacts, writeOwnLimit } from '../store/quotas.ts';
import { readAcceleratorQuotas, writeAcceleratorQuota } from './accelerator-quotas.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';
import { readQuotaUse } from './quota-use.ts';

type QuotaResource = Static<typeof Quota> & { readonly name: string };

const NANOS_PER_USD = 1_000_000_000n;
/** Shown for what has no limit: the largest number that every client can read. */
const UNLIMITED = String(Number.MAX_SAFE_INTEGER);

/**
 * Limits of an account. Its administrators lower them for themselves; operators say how far they go (but for
 * the monthly spend, which follows from the tier).
 */
export function makeQuotaHandlers(context: ControlPlaneContext): HandlersOf<typeof quotas> {
  const { db } = context;
  async function find(account: string, name: string): Promise<QuotaResource> {
    const found = (await readQuotas(context, account)).find((quota) => quota.name === name);
    if (found === undefined) throw new ApiError('NOT_FOUND', `there is no ${name}`);
    return found;
  }
  return {
    list: async ({ ids, list }) =>
      listItems(await readQuotas(context, ids.account), list, ({ name }) => name),
    get: ({ ids, name }) => find(ids.account, name),
    async update({ ids, name, updates }, { ifMatch, principal }) {
      const { account, quota } = ids;
      const current = await find(account, name);
      checkIfMatch(ifMatch, name, current);
      const next = changeResource(quotas, current, updates);
      checkMaximum(quota, current, next, isOperator(principal, context.settings));
      const wanted = planWanted(quota, current, next);
      if (quota === 'monthly-spend-usd') {
        const value = BigInt(wanted.value);
        await writeOwnLimit(db, account, value === BigInt(wanted.maxValue) ? null : value * NANOS_PER_USD);
      } else if (!(await writeAcceleratorQuota(db, context.fleet, account, quota, wanted))) {
        await writeCommonQuota(context, account, quota as QuotaId, wanted);
      }
      // How its requests are served changes at once here; other servers hear of it by a notice.
      await context.keys.refresh?.();
      return find(account, name);
    },
  };
}

function checkMaximum(quota: string, current: QuotaResource, next: QuotaResource, mayRaise: boolean): void {
  if (next.maxValue === current.maxValue) return;
  if (quota === 'monthly-spend-usd') {
    throw invalidField('maxValue', 'maxValue follows from the tier of the account');
  }
  if (!mayRaise) throw invalidField('maxValue', "maxValue is set by the server's administrator");
  if (Number(next.maxValue) < 0) throw invalidField('maxValue', 'maxValue must be at least 0');
}

/** A value that was as high as it could be stays so. Throws ApiError. */
function planWanted(
  quota: string,
  current: QuotaResource,
  next: QuotaResource,
): { readonly value: number; readonly maxValue: number } {
  const maxValue = Number(next.maxValue ?? 0);
  const isLeft = next.value === current.value && next.maxValue !== current.maxValue;
  const isHighest = current.value === current.maxValue;
  const kept = isHighest ? maxValue : Math.min(Number(current.value), maxValue);
  const value = isLeft ? kept : Number(next.value ?? 0);
  if (value >= 0 && value <= maxValue) return { value, maxValue };
  const unit = quota === 'monthly-spend-usd' ? ' dollars' : '';
  throw invalidField('value', `value must be from 0 to ${maxValue} (maxValue)${unit}`);
}

async function writeCommonQuota(
  { db, now }: ControlPlaneContext,
  account: string,
  id: QuotaId,
  { value, maxValue }: { readonly value: number; readonly maxValue: number },
): Promise<void> {
  const { isHouse } = (await readQuotaUse(db, account, now()))!;
  await writeSetQuota(db, account, id, {
    value: value === maxValue ? null : value,
    maxValue: maxValue === mostOf(id, isHouse) ? null : maxValue,
  });
}

function mostOf(id: QuotaId, isHouse: boolean): number {
  return id === 'gpu-hours-per-month' ? mostHoursOf(isHouse) : quotaRules[id].most;
}

async function readQuotas(
  { db, now, fleet }: ControlPlaneContext,
  account: string,
): Promise<QuotaResource[]> {
  const facts = await readQuotaFacts(db, account, new Date(now()).toISOString().slice(0, 7));
  const use = await readQuotaUse(db, account, now());
  if (facts === null || use === null) throw new ApiError('NOT_FOUND', `there is no accounts/${account}`);
  const { limitNanos } = tierRules[facts.tier as Tier];
  const most = limitNanos === null ? UNLIMITED : String(limitNanos / NANOS_PER_USD);
  const own = facts.ownLimitNanos === null ? most : String(BigInt(facts.ownLimitNanos) / NANOS_PER_USD);
  const updateTime = facts.updateTime.toISOString();
  const set = (await readSetQuotas(db, account)).get(account);
  return [
    {
      name: `accounts/${account}/quotas/monthly-spend-usd`,
      value: own,
      maxValue: most,
      usage: facts.spentNanos / Number(NANOS_PER_USD),
      updateTime,
      explanation: 'dollars of this month; the account is suspended when they are spent',
    },
    ...quotaIds.map((id) => {
      const { value, maxValue } = planQuota(mostOf(id, use.isHouse), set?.get(id));
      return {
        name: `accounts/${account}/quotas/${id}`,
        value: String(value),
        maxValue: String(maxValue),
        usage: id === 'deployed-loras' ? facts.addonCount : use.of(id),
        updateTime: set?.get(id)?.updateTime.toISOString() ?? updateTime,
        explanation: quotaRules[id].explanation,
      };
    }),
    ...(await readAcceleratorQuotas(db, fleet, account, updateTime)),
  ];
}
