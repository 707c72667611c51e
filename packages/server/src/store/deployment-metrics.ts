import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';
import { silentMs } from './gateway-loads.ts';

/**
 * Numbers of a deployment over a span of time and all gateways. Times in ms; null: no request to take them
 * from.
 */
export interface DeploymentMetrics {
  readonly request_count: number;
  readonly error_count: number;
  readonly prompt_tokens: number;
  readonly cached_prompt_tokens: number;
  readonly completion_tokens: number;
  readonly latency_overall_ms_p50: number | null;
  readonly latency_overall_ms_p99: number | null;
  readonly latency_to_first_token_ms_p50: number | null;
  readonly latency_to_first_token_ms_p99: number | null;
  /** Now. */
  readonly concurrent_requests: number;
  readonly ready_replicas: number;
}

/** What was recorded of requests that began in the span, and what runs now. */
export async function readDeploymentMetrics(
  db: DatabaseOrTransaction,
  deployment: string,
  since: Date,
  now: Date,
): Promise<DeploymentMetrics> {
  const { rows } = await sql<DeploymentMetrics>`
    select count(*)::float8 as request_count,
      count(*) filter (where status >= 400)::float8 as error_count,
      coalesce(sum(prompt_tokens), 0)::float8 as prompt_tokens,
      coalesce(sum(cached_prompt_tokens), 0)::float8 as cached_prompt_tokens,
      coalesce(sum(completion_tokens), 0)::float8 as completion_tokens,
      percentile_cont(0.5) within group (order by duration_ms) as latency_overall_ms_p50,
      percentile_cont(0.99) within group (order by duration_ms) as latency_overall_ms_p99,
      percentile_cont(0.5) within group (order by first_token_ms) as latency_to_first_token_ms_p50,
      percentile_cont(0.99) within group (order by first_token_ms) as latency_to_first_token_ms_p99,
      (select coalesce(sum(concurrent), 0)::float8 from gateway_loads where gateway_loads.deployment = ${deployment}
        and seen_time >= ${new Date(now.getTime() - silentMs)}) as concurrent_requests,
      (select count(*)::float8 from replicas where replicas.deployment = ${deployment} and state = 'ready')
        as ready_replicas
    from usage where usage.deployment = ${deployment} and start_time >= ${since}`.execute(db);
  return rows[0]!;
}
