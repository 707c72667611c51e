import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';

/** A machine that replicas run on. */
export interface StoredHost<Facts> {
  readonly node: string;
  readonly facts: Facts;
  readonly promises: readonly StoredPromise[];
  readonly seenTime: Date;
}

/** Memory that a replica was promised. */
export interface StoredPromise {
  readonly replica: string;
  readonly bytes: number;
  readonly arithmetic: string;
}

export async function writeHost(
  db: DatabaseOrTransaction,
  { node, facts, promises, seenTime }: StoredHost<object>,
): Promise<void> {
  await sql`
    insert into hosts (node, facts, promises, seen_time)
    values (${node}, ${JSON.stringify(facts)}, ${JSON.stringify(promises)}, ${seenTime})
    on conflict (node) do update set facts = excluded.facts, promises = excluded.promises,
      seen_time = excluded.seen_time`.execute(db);
}

/** All of them; those that other servers led from are removed by the one that leads. */
export async function readHosts<Facts>(db: DatabaseOrTransaction): Promise<StoredHost<Facts>[]> {
  const { rows } = await sql<StoredHost<Facts>>`
    select node, facts, promises, seen_time as "seenTime" from hosts order by node`.execute(db);
  return rows;
}

/** A replica on a machine, for people. */
export interface ReplicaOnHost {
  readonly id: string;
  readonly node: string;
  readonly deployment: string;
  readonly state: string;
}

export function readReplicasOnHosts(db: DatabaseOrTransaction): Promise<ReplicaOnHost[]> {
  return sql<ReplicaOnHost>`select id, node, deployment, state from replicas
    where accelerator_type = '' order by id`
    .execute(db)
    .then(({ rows }) => rows);
}

export async function forgetOtherHosts(db: DatabaseOrTransaction, node: string): Promise<void> {
  await sql`delete from hosts where node <> ${node}`.execute(db);
}
