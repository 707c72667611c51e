import { sql } from 'kysely';
import type { Database } from './database.ts';

/** What is known of a deployment that may have to go. */
export interface RetentionFacts {
  readonly name: string;
  readonly isProviders: boolean;
  readonly minReplicaCount: number;
  /** When it was made, changed or brought back, whichever was last. */
  readonly touchTimeMs: number;
  readonly lastRequestTimeMs: number | null;
  readonly expireTimeMs: number | null;
  /** Null: not deleted. */
  readonly purgeTimeMs: number | null;
  /** Nothing of it runs any more. */
  readonly isGone: boolean;
}

export async function readRetentionFacts(db: Database, providerAccount: string): Promise<RetentionFacts[]> {
  const { rows } = await sql<RetentionFacts>`
    select name, account = ${providerAccount} as "isProviders", min_replica_count as "minReplicaCount",
      (extract(epoch from greatest(create_time, update_time)) * 1000)::float8 as "touchTimeMs",
      (select extract(epoch from max(last_request_time)) * 1000 from gateway_loads
        where deployment = deployments.name)::float8 as "lastRequestTimeMs",
      (extract(epoch from expire_time) * 1000)::float8 as "expireTimeMs",
      (extract(epoch from purge_time) * 1000)::float8 as "purgeTimeMs",
      observed_state = 'deleted' as "isGone"
    from deployments`.execute(db);
  return rows;
}

/** Removes the row of a deployment that was deleted and of which nothing runs any more. */
export async function purgeDeployment(db: Database, name: string): Promise<void> {
  await sql`delete from deployments where name = ${name} and delete_time is not null
    and observed_state = 'deleted'`.execute(db);
}
