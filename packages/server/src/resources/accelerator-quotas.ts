import { invalidField } from '@sparkler/api';
import type { Quota } from '@sparkler/api/resources';
import type { Static } from 'typebox';
import { defaultQuota, type Fleet, nameQuota } from '../capacity/fleet.ts';
import { readAcceleratorUse, readOwnQuotas, writeOwnQuota } from '../store/accelerator-quotas.ts';
import type { Database } from '../store/database.ts';

type QuotaResource = Static<typeof Quota> & { readonly name: string };

/** Quotas of an account by accelerator and region (spec, "Regions"): what it may use beyond reservations. */
export async function readAcceleratorQuotas(
  db: Database,
  fleet: Fleet | null,
  account: string,
  updateTime: string,
): Promise<QuotaResource[]> {
  if (fleet === null) return [];
  const [own, uses] = await Promise.all([readOwnQuotas(db, account), readAcceleratorUse(db, account)]);
  return fleet.regions.flatMap(({ region, accelerators }) =>
    accelerators.map(({ type, quota = defaultQuota }) => {
      const set = own.find((entry) => entry.region === region && entry.type === type);
      const use = uses.find((entry) => entry.region === region && entry.type === type);
      return {
        name: `accounts/${account}/quotas/${nameQuota(region, type)}`,
        value: String(set?.value ?? quota),
        maxValue: String(quota),
        usage: use?.onDemand ?? 0,
        updateTime: set?.updateTime.toISOString() ?? updateTime,
      };
    }),
  );
}

/** Lowers (or raises again) the quota of that id; false: it is no quota of an accelerator. */
export async function updateAcceleratorQuota(
  db: Database,
  fleet: Fleet | null,
  account: string,
  id: string,
  value: string,
): Promise<boolean> {
  for (const { region, accelerators } of fleet?.regions ?? []) {
    const pool = accelerators.find(({ type }) => nameQuota(region, type) === id);
    if (pool === undefined) continue;
    const most = pool.quota ?? defaultQuota;
    const wanted = Number(value);
    if (wanted < 0 || wanted > most)
      throw invalidField('value', `value must be from 0 to ${most} (maxValue)`);
    await writeOwnQuota(db, { account, region, type: pool.type, value: wanted });
    return true;
  }
  return false;
}
