import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';

/** What was set for one quota of an account; null: left as it is for everybody. */
export interface StoredQuota {
  readonly value: number | null;
  readonly maxValue: number | null;
  readonly updateTime: Date;
}

/** What was set for accounts (one, or all), by account and id of the quota. */
export async function readSetQuotas(
  db: DatabaseOrTransaction,
  account: string | null,
): Promise<Map<string, Map<string, StoredQuota>>> {
  const { rows } = await sql<StoredQuota & { readonly account: string; readonly quota: string }>`
    select account, quota, value::float8 as value, max_value::float8 as "maxValue", update_time as "updateTime"
    from account_quotas where ${account}::text is null or account = ${account}`.execute(db);
  const byAccount = new Map<string, Map<string, StoredQuota>>();
  for (const row of rows) {
    const quotas = byAccount.get(row.account) ?? new Map<string, StoredQuota>();
    quotas.set(row.quota, row);
    byAccount.set(row.account, quotas);
  }
  return byAccount;
}

export async function writeSetQuota(
  db: DatabaseOrTransaction,
  account: string,
  quota: string,
  { value, maxValue }: Pick<StoredQuota, 'value' | 'maxValue'>,
): Promise<void> {
  await sql`
    insert into account_quotas (account, quota, value, max_value)
    values (${account}, ${quota}, ${value}::bigint, ${maxValue}::bigint)
    on conflict (account, quota) do update set value = excluded.value, max_value = excluded.max_value,
      update_time = greatest(now(), account_quotas.update_time + interval '1 millisecond')`.execute(db);
}
