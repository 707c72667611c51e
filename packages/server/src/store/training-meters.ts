import { sql } from 'kysely';
import type { Database } from './database.ts';

export interface TrainingMeter {
  /** Of the order: a job made anew under its name is another one. Its budget is leased under this. */
  readonly uid: string;
  readonly job: string;
  readonly account: string;
  readonly model: string;
  /** Nano-dollars a token. */
  readonly tokenPrice: number;
  readonly period: string;
  readonly chargedTokens: number;
  /** As its trainer told last. */
  readonly trainedTokens: number;
  /** Whether it trains no further. */
  readonly isOver: boolean;
  /** Whether its job was removed. */
  readonly isGone: boolean;
}

export async function insertTrainingMeter(
  db: Database,
  meter: Pick<TrainingMeter, 'uid' | 'job' | 'account' | 'model' | 'tokenPrice' | 'period'>,
): Promise<void> {
  await sql`
    insert into training_meters (uid, job, account, model, token_price, period)
    values (${meter.uid}, ${meter.job}, ${meter.account}, ${meter.model}, ${meter.tokenPrice},
            ${meter.period})`.execute(db);
}

/** Jobs that have tokens to be charged, or budget to give back. */
export async function listTrainingMeters(db: Database): Promise<TrainingMeter[]> {
  const { rows } = await sql<TrainingMeter>`
    select meters.uid, meters.job, meters.account, model, token_price as "tokenPrice", period,
      charged_tokens as "chargedTokens",
      coalesce(jobs.trained_tokens, final_tokens, charged_tokens) as "trainedTokens",
      (jobs.uid is null or completed_time is not null) as "isOver", jobs.uid is null as "isGone"
    from training_meters as meters left join fine_tuning_jobs as jobs on jobs.uid = meters.uid
    where jobs.uid is null or trained_tokens > charged_tokens
      or (completed_time is not null and exists (
        select from spend_leases where gateway = meters.uid and held_nanos > 0))
    order by meters.uid`.execute(db);
  return rows;
}

/** Locks a meter; null when it is gone or was charged further meanwhile. */
export async function lockTrainingMeter(db: Database, meter: TrainingMeter): Promise<boolean> {
  const { rows } = await sql`
    select from training_meters where uid = ${meter.uid} and charged_tokens = ${meter.chargedTokens} for update`.execute(
    db,
  );
  return rows.length === 1;
}

export async function writeChargedTokens(db: Database, uid: string, tokens: number): Promise<void> {
  await sql`update training_meters set charged_tokens = ${tokens} where uid = ${uid}`.execute(db);
}

export async function deleteTrainingMeter(db: Database, uid: string): Promise<void> {
  await sql`delete from training_meters where uid = ${uid}`.execute(db);
}

/** Parameters of a base model; 0 when it is not known. */
export async function readParameterCount(db: Database, model: string): Promise<number> {
  const { rows } = await sql<{ count: string | null }>`
    select base_model_details ->> 'parameterCount' as count from models where name = ${model}`.execute(db);
  return Number(rows[0]?.count ?? 0);
}

/** Tokens of datasets as they were counted when they were checked. */
export async function countDatasetTokens(db: Database, names: readonly string[]): Promise<number> {
  const { rows } = await sql<{ tokens: number }>`
    select coalesce(sum(estimated_token_count), 0)::bigint as tokens from datasets
    where name = any(${[...names]}::text[])`.execute(db);
  return rows[0]?.tokens ?? 0;
}

export async function readBaseOfAddon(db: Database, addon: string): Promise<string> {
  const { rows } = await sql<{ base: string | null }>`
    select peft_details ->> 'baseModel' as base from models where name = ${addon}`.execute(db);
  return rows[0]?.base ?? '';
}

/** What the price of a model follows from. Addons have that of their base. */
export interface PricedModel {
  readonly account: string;
  readonly isPublic: boolean;
  readonly priceClass: string;
  readonly parameterCount: number;
}

export async function readPricedModel(db: Database, name: string): Promise<PricedModel | null> {
  const { rows } = await sql<PricedModel>`
    select asked.account, asked.is_public as "isPublic", base.price_class as "priceClass",
      coalesce((base.base_model_details ->> 'parameterCount')::bigint, 0) as "parameterCount"
    from models as asked
    join models as base on base.name = coalesce(asked.peft_details ->> 'baseModel', asked.name)
    where asked.name = ${name}`.execute(db);
  return rows[0] ?? null;
}
