import { sql } from 'kysely';
import type { ServingInterval } from '../ledger/plan-gpu-charges.ts';
import type { DatabaseOrTransaction } from './database.ts';

/**
 * A replica serves from now on. What is counted is the accelerators that it was placed on, or those that its
 * deployment asks for; one without any costs nothing by the second. Told twice, it counts once.
 */
export async function openServing(
  db: DatabaseOrTransaction,
  node: string,
  replica: string,
  deployment: string,
  time: Date,
): Promise<void> {
  await sql`
    insert into serving_intervals (replica, node, account, deployment, model, region, accelerator_type,
      accelerator_count, start_time, seen_time)
    select ${replica}, ${node}, account, name, base_model, region, accelerator_type, accelerator_count,
      ${time}::timestamptz, ${time}::timestamptz
    from (
      select account, deployments.name, base_model,
        coalesce(nullif(replicas.region, ''), details ->> 'region', '') as region,
        coalesce(nullif(replicas.accelerator_type, ''), details ->> 'acceleratorType',
          'ACCELERATOR_TYPE_UNSPECIFIED') as accelerator_type,
        greatest(1, coalesce(nullif(reserved_count + on_demand_count + revocable_count, 0),
          (details ->> 'acceleratorCount')::integer, 1)) as accelerator_count
      from deployments left join replicas on replicas.id = ${replica}
      where deployments.name = ${deployment}
    ) as found
    where accelerator_type <> 'ACCELERATOR_TYPE_UNSPECIFIED'
    on conflict (replica) do nothing`.execute(db);
}

/** Replicas stopped now. */
export async function closeServing(
  db: DatabaseOrTransaction,
  replicas: readonly string[],
  time: Date,
): Promise<void> {
  await sql`
    update serving_intervals set end_time = greatest(${time}, start_time), seen_time = greatest(${time}, seen_time)
    where replica = any(${[...replicas]}::text[]) and end_time is null`.execute(db);
}

/** The replicas of a node that serve still do so. */
export async function seeServing(db: DatabaseOrTransaction, node: string, time: Date): Promise<void> {
  await sql`
    update serving_intervals set seen_time = greatest(${time}, seen_time)
    where node = ${node} and end_time is null`.execute(db);
}

/** Replicas of nodes that died: what nobody saw is not charged. */
export async function closeUnseen(
  db: DatabaseOrTransaction,
  which: { readonly node: string } | { readonly unseenSince: Date },
): Promise<void> {
  const condition = 'node' in which ? sql`node = ${which.node}` : sql`seen_time < ${which.unseenSince}`;
  await sql`update serving_intervals set end_time = seen_time where end_time is null and ${condition}`.execute(
    db,
  );
}

export async function listMeteredAccounts(db: DatabaseOrTransaction): Promise<string[]> {
  const { rows } = await sql<{ account: string }>`
    select distinct account from serving_intervals order by account`.execute(db);
  return rows.map((row) => row.account);
}

export interface MeterReading {
  /** Seconds since 1970 up to which all is charged; null: nothing was yet. */
  readonly chargedUntil: number | null;
  /** Seconds up to which all nodes have told what serves; null: nothing serves. */
  readonly seenUntil: number | null;
  /** Open ones end at `seenUntil`. */
  readonly intervals: readonly (ServingInterval & { readonly isOpen: boolean })[];
}

/** What is to be charged of an account. The balance of the account must be locked. */
export async function readMeter(db: DatabaseOrTransaction, account: string): Promise<MeterReading> {
  const { rows } = await sql<{
    replica: string;
    deployment: string;
    model: string;
    region: string;
    accelerator_type: string;
    accelerator_count: number;
    start: number;
    seen: number;
    end: number | null;
  }>`
    select replica, deployment, model, region, accelerator_type, accelerator_count,
      floor(extract(epoch from start_time))::bigint as start, floor(extract(epoch from seen_time))::bigint as seen,
      floor(extract(epoch from end_time))::bigint as end
    from serving_intervals where account = ${account} order by start_time, replica`.execute(db);
  const meter = await sql<{ until: number }>`
    select extract(epoch from charged_until)::bigint as until from gpu_meters where account = ${account}`.execute(
    db,
  );
  const open = rows.filter((row) => row.end === null);
  const seenUntil = open.length === 0 ? null : Math.min(...open.map((row) => row.seen));
  return {
    chargedUntil: meter.rows[0]?.until ?? null,
    seenUntil,
    intervals: rows.map((row) => ({
      replica: row.replica,
      deployment: row.deployment,
      model: row.model,
      region: row.region,
      acceleratorType: row.accelerator_type,
      acceleratorCount: row.accelerator_count,
      isOpen: row.end === null,
      from: row.start,
      to: row.end ?? Math.max(row.seen, row.start),
    })),
  };
}

/** Everything before `until` (seconds) is charged; what ended before is not needed any more. */
export async function writeMeter(db: DatabaseOrTransaction, account: string, until: number): Promise<void> {
  const time = new Date(until * 1000);
  await sql`
    insert into gpu_meters (account, charged_until) values (${account}, ${time})
    on conflict (account) do update set charged_until = excluded.charged_until`.execute(db);
  await sql`
    delete from serving_intervals
    where account = ${account} and end_time is not null and date_trunc('second', end_time) <= ${time}`.execute(
    db,
  );
}
