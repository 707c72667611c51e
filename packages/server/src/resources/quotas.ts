import { ApiError, changeResource, invalidField, listItems } from '@sparkler/api';
import { type Quota, quotas } from '@sparkler/api/resources';
import type { Static } from 'typebox';
import { checkIfMatch } from '../http/etag.ts';
import { type Tier, tierRules } from '../ledger/tiers.ts';
import { readQuotaFacts, writeOwnLimit } from '../store/quotas.ts';
import { readAcceleratorQuotas, updateAcceleratorQuota } from './accelerator-quotas.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

type QuotaResource = Static<typeof Quota> & { readonly name: string };

const NANOS_PER_USD = 1_000_000_000n;
/** Shown for what has no limit: the largest number that every client can read. */
const UNLIMITED = String(Number.MAX_SAFE_INTEGER);
/** LoRA addons over serverless and own deployments (spec, "Rate limits … and quotas", "Other quotas"). */
const ADDONS_MAX = 100;

/**
 * Limits of an account. Its administrators can lower what it may spend in a month, never above what its tier
 * gives.
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
    async update({ ids, name, updates }, { ifMatch }) {
      const current = await find(ids.account, name);
      checkIfMatch(ifMatch, name, current);
      const next = changeResource(quotas, current, updates);
      if (next.maxValue !== current.maxValue) {
        throw invalidField('maxValue', 'maxValue follows from the tier of the account');
      }
      if (ids.quota !== 'monthly-spend-usd') {
        const { account, quota } = ids;
        if (await updateAcceleratorQuota(db, context.fleet, account, quota, next.value ?? '0')) {
          return find(account, name);
        }
        if (next.value !== current.value) throw invalidField('value', `${name} is the same for all accounts`);
        return current;
      }
      const [value, most] = [BigInt(next.value ?? '0'), BigInt(current.maxValue ?? '0')];
      if (value < 0n || value > most) {
        throw invalidField('value', `value must be from 0 to ${most} (maxValue) dollars`);
      }
      await writeOwnLimit(db, ids.account, value === most ? null : value * NANOS_PER_USD);
      return find(ids.account, name);
    },
  };
}

async function readQuotas(
  { db, now, fleet }: ControlPlaneContext,
  account: string,
): Promise<QuotaResource[]> {
  const facts = await readQuotaFacts(db, account, new Date(now()).toISOString().slice(0, 7));
  if (facts === null) throw new ApiError('NOT_FOUND', `there is no accounts/${account}`);
  const { limitNanos } = tierRules[facts.tier as Tier];
  const most = limitNanos === null ? UNLIMITED : String(limitNanos / NANOS_PER_USD);
  const own = facts.ownLimitNanos === null ? most : String(BigInt(facts.ownLimitNanos) / NANOS_PER_USD);
  const updateTime = facts.updateTime.toISOString();
  const quota = (id: string, value: string, maxValue: string, usage: number): QuotaResource => ({
    name: `accounts/${account}/quotas/${id}`,
    value,
    maxValue,
    usage,
    updateTime,
  });
  return [
    quota('monthly-spend-usd', own, most, facts.spentNanos / Number(NANOS_PER_USD)),
    quota('deployed-loras', String(ADDONS_MAX), String(ADDONS_MAX), facts.addonCount),
    ...(await readAcceleratorQuotas(db, fleet, account, updateTime)),
  ];
}
