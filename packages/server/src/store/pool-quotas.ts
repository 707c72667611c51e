import { defaultQuota, type Fleet, nameQuota } from '../capacity/fleet.ts';
import { readOwnQuotas } from './accelerator-quotas.ts';
import { readSetQuotas } from './account-quotas.ts';
import type { DatabaseOrTransaction } from './database.ts';

/** What an account may use of one pool beyond its reservations. */
export interface PoolQuota {
  readonly account: string;
  readonly region: string;
  readonly type: string;
  /** What counts: what the account wants for itself, within maxValue. */
  readonly value: number;
  readonly maxValue: number;
  readonly updateTime: Date;
}

/**
 * Quotas of pools that are not as the fleet has them: lowered by the account, or with another maximum from an
 * operator. Of one account, or of all.
 */
export async function readPoolQuotas(
  db: DatabaseOrTransaction,
  fleet: Fleet,
  account: string | null,
): Promise<PoolQuota[]> {
  const [own, set] = [await readOwnQuotas(db, account), await readSetQuotas(db, account)];
  const accounts = new Set([...own.map((entry) => entry.account), ...set.keys()]);
  const pools = fleet.regions.flatMap(({ region, accelerators }) =>
    accelerators.map(({ type, quota = defaultQuota }) => ({ region, type, quota })),
  );
  return [...accounts].flatMap((owner) =>
    pools.flatMap(({ region, type, quota }) => {
      const lowered = own.find(
        (entry) => entry.account === owner && entry.region === region && entry.type === type,
      );
      const given = set.get(owner)?.get(nameQuota(region, type));
      if (lowered === undefined && given === undefined) return [];
      const maxValue = given?.maxValue ?? quota;
      const updateTime = lowered?.updateTime ?? given!.updateTime;
      const value = Math.min(lowered?.value ?? maxValue, maxValue);
      return [{ account: owner, region, type, value, maxValue, updateTime }];
    }),
  );
}
