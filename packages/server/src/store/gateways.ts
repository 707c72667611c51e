import { sql } from 'kysely';
import { type Database, withinTransaction } from './database.ts';
import { returnAllLeases } from './spend-leases.ts';

/** A gateway that said nothing for this long may be declared gone by an operator. */
const silentSeconds = 15;
/** Of gateways that are settled, for people to look at. */
const keptDays = 14;

/** A sign of life. True: it was declared gone meanwhile, and must begin anew (`beginGateway`). */
export async function beatGateway(db: Database, node: string, hostName: string): Promise<boolean> {
  const { rows } = await sql<{ gone: boolean }>`
    insert into gateways (node, host_name) values (${node}, ${hostName})
    on conflict (node) do update set seen_time = clock_timestamp(), host_name = excluded.host_name
    returning gone_time is not null as gone`.execute(db);
  return rows[0]!.gone;
}

/** It is there (again): nobody settles for it any more. */
export async function beginGateway(db: Database, node: string, hostName: string): Promise<void> {
  await sql`
    insert into gateways (node, host_name) values (${node}, ${hostName})
    on conflict (node) do update set seen_time = clock_timestamp(), host_name = excluded.host_name,
      gone_time = null, settle_time = null, settled_requests = 0, released_nanos = 0`.execute(db);
}

/** It ended in order. Kept while it holds anything. */
export async function endGateway(db: Database, node: string): Promise<void> {
  await sql`
    delete from gateways where node = ${node} and gone_time is null
      and not exists (select from spend_leases where gateway = ${node} and held_nanos > 0)`.execute(db);
}

export interface StoredGateway {
  readonly node: string;
  readonly hostName: string;
  readonly seenTime: Date;
  readonly goneTime: Date | null;
  readonly settleTime: Date | null;
  readonly settledRequests: number;
  readonly releasedNanos: number;
  /** Lent to it and neither spent nor given back. */
  readonly heldNanos: number;
}

/** All of them. Forgets those settled long ago. */
export async function readGateways(db: Database): Promise<StoredGateway[]> {
  await sql`
    delete from gateways where settle_time < now() - make_interval(days => ${keptDays})`.execute(db);
  const { rows } = await sql<StoredGateway>`
    select node, host_name as "hostName", seen_time as "seenTime", gone_time as "goneTime",
      settle_time as "settleTime", settled_requests::float8 as "settledRequests",
      released_nanos::float8 as "releasedNanos",
      (select coalesce(sum(held_nanos), 0)::float8 from spend_leases where gateway = node) as "heldNanos"
    from gateways order by node`.execute(db);
  return rows;
}

/** How declaring a gateway gone went: there is no such one, or it spoke a moment ago. */
export type Declared = 'declared' | 'unknown' | 'speaks';

/** An operator says that a gateway is gone for good. */
export async function declareGone(db: Database, node: string): Promise<Declared> {
  const { rows } = await sql<{ speaks: boolean }>`
    select seen_time > clock_timestamp() - make_interval(secs => ${silentSeconds}) as speaks
    from gateways where node = ${node}`.execute(db);
  if (rows.length === 0) return 'unknown';
  if (rows[0]!.speaks) return 'speaks';
  await sql`update gateways set gone_time = now(), settle_time = null where node = ${node}`.execute(db);
  return 'declared';
}

/** Declares a gateway gone if it has not spoken since. */
export async function declareSilentGone(db: Database, node: string, seenTime: Date): Promise<void> {
  await sql`
    update gateways set gone_time = now()
    where node = ${node} and gone_time is null and date_trunc('milliseconds', seen_time) <= ${seenTime}`.execute(
    db,
  );
}

export async function noteSettledRequests(db: Database, node: string, count: number): Promise<void> {
  await sql`
    update gateways set settled_requests = settled_requests + ${count} where node = ${node}`.execute(db);
}

/**
 * Gives back what a gone gateway held, nano-dollars; `alsoForget` runs with it. Null: it came back meanwhile,
 * and holds it again.
 */
export function releaseGone(
  db: Database,
  node: string,
  alsoForget: (transaction: Database) => Promise<void> = async () => undefined,
): Promise<number | null> {
  return withinTransaction(db, async (transaction) => {
    const { rows } = await sql`
      select from gateways where node = ${node} and gone_time is not null for update`.execute(transaction);
    if (rows.length === 0) return null;
    const { rows: held } = await sql<{ nanos: number }>`
      select coalesce(sum(held_nanos), 0)::float8 as nanos from spend_leases where gateway = ${node}`.execute(
      transaction,
    );
    await returnAllLeases(transaction, { gateway: node });
    await alsoForget(transaction);
    const { nanos } = held[0]!;
    await sql`
      update gateways set settle_time = now(), released_nanos = ${nanos} where node = ${node}`.execute(
      transaction,
    );
    return nanos;
  });
}

/** Where replicas answer, of all deployments. */
export async function readReplicaAddresses(
  db: Database,
): Promise<({ readonly socketPath: string } | { readonly baseUrl: string })[]> {
  const { rows } = await sql<{ socketPath: string | null; baseUrl: string | null }>`
    select socket_path as "socketPath", base_url as "baseUrl" from replicas
    where socket_path is not null or base_url is not null`.execute(db);
  return rows.map(({ socketPath, baseUrl }) =>
    socketPath === null ? { baseUrl: baseUrl! } : { socketPath },
  );
}
