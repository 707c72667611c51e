import type { Quota } from '@sparkler/api/resources';
import type { Static } from 'typebox';
import { defaultQuota, type Fleet, nameQuota } from '../capacity/fleet.ts';
import { readAcceleratorUse, writeOwnQuota } from '../store/accelerator-quotas.ts';
import { writeSetQuota } from '../store/account-quotas.ts';
import type { Database } from '../store/database.ts';
import { readPoolQuotas } from '../store/pool-quotas.ts';

type QuotaResource = Static<typeof Quota> & { readonly name: string };

/** Quotas of an account by accelerator and region (spec, "Regions"): what it may use beyond reservations. */
export async function readAcceleratorQuotas(
  db: Database,
  fleet: Fleet | null,
  account: string,
  updateTime: string,
): Promise<QuotaResource[]> {
  if (fleet === null) return [];
  const [own, uses] = await Promise.all([
    readPoolQuotas(db, fleet, account),
    readAcceleratorUse(db, account),
  ]);
  return fleet.regions.flatMap(({ region, accelerators }) =>
    accelerators.map(({ type, quota = defaultQuota }) => {
      const set = own.find((entry) => entry.region === region && entry.type === type);
      const use = uses.find((entry) => entry.region === region && entry.type === type);
      return {
        name: `accounts/${account}/quotas/${nameQuota(region, type)}`,
        value: String(set?.value ?? quota),
        maxValue: String(set?.maxValue ?? quota),
        usage: use?.onDemand ?? 0,
        updateTime: set?.updateTime.toISOString() ?? updateTime,
        explanation: `${type} in ${region}, beyond what is reserved there`,
      };
    }),
  );
}

/** Writes the quota of that id; false: it is no quota of an accelerator. */
export async function writeAcceleratorQuota(
  db: Database,
  fleet: Fleet | null,
  account: string,
  id: string,
  { value, maxValue }: { readonly value: number; readonly maxValue: number },
): Promise<boolean> {
  for (const { region, accelerators } of fleet?.regions ?? []) {
    const pool = accelerators.find(({ type }) => nameQuota(region, type) === id);
    if (pool === undefined) continue;
    const isUsual = maxValue === (pool.quota ?? defaultQuota);
    await db.transaction().execute(async (transaction) => {
      await writeSetQuota(transaction, account, id, { value: null, maxValue: isUsual ? null : maxValue });
      await writeOwnQuota(transaction, { account, region, type: pool.type, value });
    });
    return true;
  }
  return false;
}
