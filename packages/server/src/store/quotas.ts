import { sql } from 'kysely';
import type { Database } from './database.ts';

/** What the quotas of an account are made of. Money in nano-dollars. */
export interface QuotaFacts {
  readonly tier: string;
  /** The lower limit that the account set itself; null: the tier's. */
  readonly ownLimitNanos: number | null;
  readonly spentNanos: number;
  /** LoRA addons that are loaded, over all deployments. */
  readonly addonCount: number;
  readonly updateTime: Date;
}

/** `period`: the month, such as 2026-11. Null when there is no such account. */
export async function readQuotaFacts(
  db: Database,
  account: string,
  period: string,
): Promise<QuotaFacts | null> {
  const { rows } = await sql<{
    tier: string;
    own: number | null;
    spent: number;
    addons: number;
    update_time: Date;
  }>`
    select tier, own_limit_nanos as own, update_time,
      coalesce((select settled_nanos from spend_periods where account = accounts.id and period = ${period}), 0)
        as spent,
      (select count(*) from deployed_models
        where account = accounts.id and adapter is not null and delete_time is null) as addons
    from accounts where id = ${account}`.execute(db);
  const row = rows[0];
  if (row === undefined) return null;
  return {
    tier: row.tier,
    ownLimitNanos: row.own,
    spentNanos: row.spent,
    addonCount: row.addons,
    updateTime: row.update_time,
  };
}

/** Sets the monthly limit that an account wants for itself; null: the tier's. */
export async function writeOwnLimit(db: Database, account: string, nanos: bigint | null): Promise<void> {
  await sql`update accounts set own_limit_nanos = ${nanos === null ? null : String(nanos)},
    update_time = greatest(now(), update_time + interval '1 millisecond') where id = ${account}`.execute(db);
}
