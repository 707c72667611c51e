import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';

/** Accelerator hours beyond reservations that accounts used in a month; also of those marked as spent. */
export interface GpuHours {
  readonly account: string;
  readonly hours: number;
  /** Month (2026-11) whose hours are marked as used up; null: none ever was. */
  readonly spentPeriod: string | null;
  readonly isHouse: boolean;
}

/** Of one account, or of all that used any. */
export async function readGpuHours(
  db: DatabaseOrTransaction,
  period: string,
  account: string | null = null,
): Promise<GpuHours[]> {
  const { rows } = await sql<GpuHours>`
    select id as account, coalesce(seconds, 0)::float8 / 3600 as hours, gpu_hours_spent as "spentPeriod",
      payment_method = 'house' as "isHouse"
    from accounts left join (
      select account, sum(gpu_seconds) as seconds from charges
      where kind = 'gpu' and day >= to_date(${period}, 'YYYY-MM')
        and day < to_date(${period}, 'YYYY-MM') + interval '1 month'
      group by account
    ) as used on used.account = accounts.id
    where case when ${account}::text is null then seconds > 0 or gpu_hours_spent is not null
      else id = ${account} end`.execute(db);
  return rows;
}

/** Marks the hours of a month as used up; null: they are not. */
export async function writeGpuHoursSpent(
  db: DatabaseOrTransaction,
  account: string,
  period: string | null,
): Promise<void> {
  await sql`update accounts set gpu_hours_spent = ${period} where id = ${account}`.execute(db);
}

/** Accounts whose hours of a month are marked as used up. */
export async function listGpuHoursSpent(db: DatabaseOrTransaction, period: string): Promise<Set<string>> {
  const { rows } = await sql<{
    id: string;
  }>`select id from accounts where gpu_hours_spent = ${period}`.execute(db);
  return new Set(rows.map(({ id }) => id));
}
