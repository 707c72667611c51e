import { sql } from 'kysely';
import { Client, request } from 'undici';
import { askReplicaUsage } from '../../packages/server/src/inference/ask-replica-usage.ts';
import type { Database } from '../../packages/server/src/store/database.ts';

export const kinds = ['prompt', 'cached_prompt', 'generated'] as const;

/** Tokens that were billed, or that an engine counted. */
export type Tokens = Readonly<Record<(typeof kinds)[number], number>>;

export async function readBilledTokens(db: Database): Promise<Tokens> {
  const { rows } = await sql<Tokens>`
    select coalesce(sum(prompt_tokens), 0)::float8 as prompt,
      coalesce(sum(cached_prompt_tokens), 0)::float8 as cached_prompt,
      coalesce(sum(completion_tokens), 0)::float8 as generated from usage`.execute(db);
  return rows[0]!;
}

/** Socket of the one engine process that all gateways share. Throws when it isn't the only one. */
export async function findEngine(db: Database): Promise<string> {
  const { rows } = await sql<{ socket_path: string }>`
    select socket_path from replicas where socket_path is not null`.execute(db);
  if (rows.length !== 1) throw new Error(`there are ${rows.length} engine processes instead of one`);
  return rows[0]!.socket_path;
}

/** The engine's own counters. */
export async function readEngineTokens(socketPath: string): Promise<Tokens> {
  const client = new Client('http://engine', { socketPath });
  try {
    const { body } = await client.request({ method: 'GET', path: '/metrics' });
    const text = await body.text();
    const count = (kind: string) => readMetric(text, `sparkler_engine_tokens_total{kind="${kind}"}`);
    return { prompt: count('prompt'), cached_prompt: count('cached_prompt'), generated: count('generated') };
  } finally {
    await client.close();
  }
}

/** What a life of a gateway settled at its start for the one before it: requests. */
export async function readLeft(baseUrl: string): Promise<{ readonly billed: number; readonly lost: number }> {
  const { body } = await request(`${baseUrl}/metrics`);
  const text = await body.text();
  const count = (end: string) => readMetric(text, `sparkler_requests_left_total{end="${end}"}`);
  return { billed: count('billed'), lost: count('lost') };
}

function readMetric(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  if (line === undefined) throw new Error(`there is no ${series} among the metrics`);
  return Number(line.slice(series.length));
}

/** Requests whose bill isn't what the engine remembers of them, one line each. */
export async function explainDifference(db: Database, socketPath: string): Promise<string[]> {
  const { rows } = await sql<Tokens & { id: string; status: number }>`
    select request_id as id, status, prompt_tokens as prompt, cached_prompt_tokens as cached_prompt,
      completion_tokens as generated from usage order by start_time`.execute(db);
  const ids = rows.map(({ id }) => id);
  const told = await askReplicaUsage({ socketPath }, ids);
  return rows.flatMap((row) => {
    const used = told.get(row.id);
    const billed = kinds.map((kind) => row[kind]).join('/');
    const { tokens } = used ?? {};
    const counted =
      tokens && [tokens.promptTokens, tokens.cachedPromptTokens, tokens.completionTokens].join('/');
    if (billed === counted || (counted === undefined && billed === '0/0/0')) return [];
    const state = used?.state ?? 'unknown';
    return [`${row.id} (status ${row.status}, ${state}): billed ${billed}, counted ${counted ?? 'nothing'}`];
  });
}
