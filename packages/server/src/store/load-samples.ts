import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';

/** Load of a deployment over one interval. */
export interface StoredLoadSample {
  readonly deployment: string;
  readonly timeMs: number;
  /** Requests running and waiting at its end. */
  readonly concurrent: number;
  readonly requestsPerSecond: number;
  readonly tokensGeneratedPerSecond: number;
}

/** Keeps samples until they expire. Deployments that are gone meanwhile are left out. */
export async function writeLoadSamples(
  db: DatabaseOrTransaction,
  samples: readonly (StoredLoadSample & { readonly expireMs: number })[],
): Promise<void> {
  if (samples.length === 0) return;
  await sql`
    insert into load_samples (deployment, sample_time, concurrent, requests_per_second, tokens_per_second, expire_time)
    select deployment, to_timestamp("timeMs" / 1000), concurrent, "requestsPerSecond", "tokensGeneratedPerSecond",
      to_timestamp("expireMs" / 1000)
    from jsonb_to_recordset(${JSON.stringify(samples)}::jsonb) as sample (deployment text, "timeMs" float8,
      concurrent integer, "requestsPerSecond" float8, "tokensGeneratedPerSecond" float8, "expireMs" float8)
    where exists (select 1 from deployments where name = deployment)
    on conflict do nothing`.execute(db);
}

/** All that count, oldest first; those that have expired are removed. */
export async function readLoadSamples(db: DatabaseOrTransaction, now: Date): Promise<StoredLoadSample[]> {
  await removeExpiredSamples(db, now);
  const { rows } = await sql<StoredLoadSample>`
    select deployment, (extract(epoch from sample_time) * 1000)::float8 as "timeMs", concurrent,
      requests_per_second as "requestsPerSecond", tokens_per_second as "tokensGeneratedPerSecond"
    from load_samples order by sample_time`.execute(db);
  return rows;
}

export async function removeExpiredSamples(db: DatabaseOrTransaction, now: Date): Promise<void> {
  await sql`delete from load_samples where expire_time < ${now}`.execute(db);
}
