import { sql } from 'kysely';
import type { Database } from './database.ts';

/** What was used on a day, and what it cost. Counts that are left out are zero. */
export interface Charge {
  readonly account: string;
  /** Month it is billed with, if that is not billed yet. */
  readonly period: string;
  /** 2026-11-22, UTC. */
  readonly day: string;
  readonly kind: 'inference' | 'gpu' | 'reserved-gpu' | 'training';
  /** Type of accelerator; empty for other kinds. */
  readonly item?: string;
  readonly model: string;
  readonly deployment?: string;
  readonly apiKeyId?: string;
  readonly user?: string;
  readonly requestCount?: number;
  readonly promptTokens?: number;
  readonly cachedPromptTokens?: number;
  readonly completionTokens?: number;
  readonly trainingTokens?: number;
  readonly gpuSeconds?: number;
  readonly costNanos: number;
}

const keys = ['account', 'period', 'day', 'kind', 'item', 'model', 'deployment', 'apiKeyId', 'user'] as const;
const counts = [
  'requestCount',
  'promptTokens',
  'cachedPromptTokens',
  'completionTokens',
  'trainingTokens',
  'gpuSeconds',
  'costNanos',
] as const;

/**
 * Adds charges to their days. Those of months that were invoiced meanwhile are billed with the next one: an
 * invoice never changes. The balances of the accounts that pay must be locked.
 */
export async function addCharges(transaction: Database, charges: readonly Charge[]): Promise<void> {
  const rows = sumByKey(charges);
  if (rows.length === 0) return;
  const texts = keys.map((key) => rows.map((row) => row[key] ?? ''));
  const numbers = counts.map((key) => rows.map((row) => row[key] ?? 0));
  // Ordered: two writers that add to the same rows must not wait for each other in a ring.
  await sql`
    insert into charges (account, billing_period, day, kind, item, model, deployment, api_key_id, user_name,
      request_count, prompt_tokens, cached_prompt_tokens, completion_tokens, training_tokens, gpu_seconds, cost_nanos)
    select added.account,
      case when added.period <= coalesce(billed_through, '')
        then to_char(to_date(billed_through, 'YYYY-MM') + interval '1 month', 'YYYY-MM') else added.period end
        as billing_period,
      day, kind, item, model, deployment, api_key_id, user_name, n1, n2, n3, n4, n5, n6, n7
    from unnest(${texts[0]}::text[], ${texts[1]}::text[], ${texts[2]}::date[], ${texts[3]}::text[], ${texts[4]}::text[],
      ${texts[5]}::text[], ${texts[6]}::text[], ${texts[7]}::text[], ${texts[8]}::text[],
      ${numbers[0]}::bigint[], ${numbers[1]}::bigint[], ${numbers[2]}::bigint[], ${numbers[3]}::bigint[],
      ${numbers[4]}::bigint[], ${numbers[5]}::bigint[], ${numbers[6]}::bigint[])
      as added (account, period, day, kind, item, model, deployment, api_key_id, user_name, n1, n2, n3, n4, n5, n6, n7)
    left join account_balances on account_balances.account = added.account
    order by added.account, billing_period, day, kind, item, model, deployment, api_key_id, user_name
    on conflict (account, billing_period, day, kind, item, model, deployment, api_key_id, user_name) do update set
      request_count = charges.request_count + excluded.request_count,
      prompt_tokens = charges.prompt_tokens + excluded.prompt_tokens,
      cached_prompt_tokens = charges.cached_prompt_tokens + excluded.cached_prompt_tokens,
      completion_tokens = charges.completion_tokens + excluded.completion_tokens,
      training_tokens = charges.training_tokens + excluded.training_tokens,
      gpu_seconds = charges.gpu_seconds + excluded.gpu_seconds,
      cost_nanos = charges.cost_nanos + excluded.cost_nanos`.execute(transaction);
}

/** One row for each key: a statement may touch a row only once. */
function sumByKey(charges: readonly Charge[]): Charge[] {
  const sums = new Map<string, Charge>();
  for (const charge of charges) {
    const key = JSON.stringify(keys.map((name) => charge[name] ?? ''));
    const known = sums.get(key);
    const added = counts.map((name) => [name, (known?.[name] ?? 0) + (charge[name] ?? 0)]);
    sums.set(key, { ...charge, ...(Object.fromEntries(added) as Pick<Charge, 'costNanos'>) });
  }
  return [...sums.values()];
}
