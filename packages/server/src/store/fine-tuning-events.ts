import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';

/** Numbers of one optimiser step or evaluation, by the trainer's names (trainLoss, evalLoss, …). */
export type JobMetrics = { readonly step: number } & Readonly<Record<string, number | boolean>>;

export interface JobEvent {
  readonly type: 'message' | 'metric' | 'eval' | 'checkpoint';
  readonly level: 'info' | 'warning' | 'error';
  /** For people; never text of examples. */
  readonly message: string;
  readonly metrics: JobMetrics | null;
}

export interface StoredJobEvent extends JobEvent {
  readonly sequence: string;
  readonly time: Date;
}

/** Nothing happens when the job is gone. */
export async function insertJobEvent(db: DatabaseOrTransaction, job: string, event: JobEvent): Promise<void> {
  const metrics = event.metrics === null ? null : JSON.stringify(event.metrics);
  await sql`
    insert into fine_tuning_events (job, type, level, message, metrics)
    select name, ${event.type}, ${event.level}, ${event.message}, ${metrics}::jsonb
    from fine_tuning_jobs where name = ${job}`.execute(db);
}

/** Takes back the numbers after a step: the trainer goes on from a checkpoint and will say them again. */
export async function dropMetricsAfter(db: DatabaseOrTransaction, job: string, step: number): Promise<void> {
  await sql`
    delete from fine_tuning_events where job = ${job} and type in ('metric', 'eval')
      and (metrics ->> 'step')::integer > ${step}`.execute(db);
}

/** In order; at most `limit`, after the given sequence number. */
export async function readJobEvents(
  db: DatabaseOrTransaction,
  job: string,
  after: string,
  limit: number,
): Promise<StoredJobEvent[]> {
  const { rows } = await sql<StoredJobEvent>`
    select sequence::text, time, type, level, message, metrics from fine_tuning_events
    where job = ${job} and sequence > ${after}::bigint
    order by fine_tuning_events.sequence limit ${limit}`.execute(db);
  return rows;
}

/** All numbers of a job, by step. */
export async function readJobMetrics(db: DatabaseOrTransaction, job: string): Promise<StoredJobEvent[]> {
  const { rows } = await sql<StoredJobEvent>`
    select sequence::text, time, type, level, message, metrics from fine_tuning_events
    where job = ${job} and type in ('metric', 'eval')
    order by (metrics ->> 'step')::integer, fine_tuning_events.sequence`.execute(db);
  return rows;
}
