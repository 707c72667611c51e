import { sql } from 'kysely';
import type { Database } from './database.ts';

/**
 * Where the files lie (blob prefixes) of models that something runs on or may soon: deployments that are not
 * deleted and their drafts, loaded addons, training that is not over, and the bases of all these.
 */
export async function listPrefixesInUse(db: Database): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ blob_prefix: string }>`
    with used as (
      select base_model as name from deployments where delete_time is null
      union select details ->> 'draftModel' from deployments where delete_time is null
      union select model from deployed_models where delete_time is null
      union select spec ->> 'baseModel' from fine_tuning_jobs where ${isTraining}
      union select spec ->> 'warmStartFrom' from fine_tuning_jobs where ${isTraining}
    )
    select blob_prefix from models where blob_prefix is not null and name in (
      select name from used
      union select addon.peft_details ->> 'baseModel' from models addon join used on used.name = addon.name
    )`.execute(db);
  return new Set(rows.map(({ blob_prefix }) => blob_prefix));
}

const isTraining = sql`delete_time is null
  and state not in ('JOB_STATE_COMPLETED', 'JOB_STATE_FAILED', 'JOB_STATE_CANCELLED')`;
