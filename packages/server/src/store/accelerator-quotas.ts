import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';

/** A quota that an account set for itself. */
export interface OwnQuota {
  readonly account: string;
  readonly region: string;
  readonly type: string;
  readonly value: number;
  readonly updateTime: Date;
}

/** Of one account, or of all. */
export async function readOwnQuotas(db: DatabaseOrTransaction, account: string | null): Promise<OwnQuota[]> {
  const { rows } = await sql<OwnQuota>`
    select account, region, accelerator_type as type, value, update_time as "updateTime"
    from accelerator_quotas where ${account}::text is null or account = ${account}`.execute(db);
  return rows;
}

export async function writeOwnQuota(
  db: DatabaseOrTransaction,
  quota: Omit<OwnQuota, 'updateTime'>,
): Promise<void> {
  await sql`
    insert into accelerator_quotas (account, region, accelerator_type, value)
    values (${quota.account}, ${quota.region}, ${quota.type}, ${quota.value})
    on conflict (account, region, accelerator_type) do update set value = excluded.value,
      update_time = greatest(now(), accelerator_quotas.update_time + interval '1 millisecond')`.execute(db);
}

/** Accelerators of one kind in one region that replicas hold now: of one account, or of all. */
export interface AcceleratorUse {
  readonly region: string;
  readonly type: string;
  readonly reserved: number;
  readonly onDemand: number;
  readonly revocable: number;
}

export async function readAcceleratorUse(
  db: DatabaseOrTransaction,
  account: string | null,
): Promise<AcceleratorUse[]> {
  const { rows } = await sql<AcceleratorUse>`
    select replicas.region, accelerator_type as type, sum(reserved_count)::int as reserved,
      sum(on_demand_count)::int as "onDemand", sum(revocable_count)::int as revocable
    from replicas join deployments on deployments.name = replicas.deployment
    where (${account}::text is null or deployments.account = ${account}) and accelerator_type <> ''
    group by replicas.region, accelerator_type`.execute(db);
  return rows;
}
