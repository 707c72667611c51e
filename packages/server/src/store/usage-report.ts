import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';

/** What use can be grouped by. */
export const usageDimensions = ['day', 'kind', 'item', 'model', 'deployment', 'apiKeyId', 'user'] as const;
export type UsageDimension = (typeof usageDimensions)[number];

/** Sums of what was used. Dimensions that were not grouped by are empty. */
export interface UsageRow extends Readonly<Record<UsageDimension, string>> {
  readonly requestCount: number;
  readonly promptTokens: number;
  readonly cachedPromptTokens: number;
  readonly completionTokens: number;
  readonly trainingTokens: number;
  readonly gpuSeconds: number;
  readonly costNanos: bigint;
}

export interface UsageQuery {
  /** Rows on the invoice of this month (2026-11); null: all. */
  readonly billingPeriod?: string;
  /** First day and the day after the last, 2026-11-22; null: open. */
  readonly startDay?: string | null;
  readonly endDay?: string | null;
  readonly groupBy: readonly UsageDimension[];
}

const columns: Readonly<Record<UsageDimension, string>> = {
  day: "to_char(day, 'YYYY-MM-DD')",
  kind: 'kind',
  item: 'item',
  model: 'model',
  deployment: 'deployment',
  apiKeyId: 'api_key_id',
  user: 'user_name',
};

/** What an account used, grouped and in order. */
export async function readUsage(
  db: DatabaseOrTransaction,
  account: string,
  query: UsageQuery,
): Promise<UsageRow[]> {
  const shown = usageDimensions.map((name) => {
    const expression = query.groupBy.includes(name) ? sql.raw(columns[name]) : sql`''::text`;
    return sql`${expression} as ${sql.id(name)}`;
  });
  const { billingPeriod = null, startDay = null, endDay = null } = query;
  const order = sql.raw(usageDimensions.map((_, index) => `${index + 1}`).join(', '));
  const { rows } = await sql<Omit<UsageRow, 'costNanos'> & { costNanos: string }>`
    select ${sql.join(shown)},
      sum(request_count)::bigint as "requestCount", sum(prompt_tokens)::bigint as "promptTokens",
      sum(cached_prompt_tokens)::bigint as "cachedPromptTokens",
      sum(completion_tokens)::bigint as "completionTokens", sum(training_tokens)::bigint as "trainingTokens",
      sum(gpu_seconds)::bigint as "gpuSeconds", sum(cost_nanos)::text as "costNanos"
    from charges
    where account = ${account}
      and (${billingPeriod}::text is null or billing_period = ${billingPeriod})
      and (${startDay}::date is null or day >= ${startDay}::date)
      and (${endDay}::date is null or day < ${endDay}::date)
    group by ${order} order by ${order}`.execute(db);
  return rows.map((row) => ({ ...row, costNanos: BigInt(row.costNanos) }));
}
