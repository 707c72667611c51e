import { join } from 'node:path';
import type { RequestTimings } from '@sparkler/api';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type OpenDatabase, openDatabase } from '../../packages/server/src/store/database.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/**
 * Budgets at work on a whole server: what callers of shared deployments see, and what the books say
 * afterwards.
 */

let platform: Platform;
let database: OpenDatabase;
const model = 'smollm2-135m-instruct';
const usd = 1_000_000_000;

beforeAll(async () => {
  platform = await startPlatform({ SPARKLER_QUEUED_PER_DEPLOYMENT_MAX: '2000' });
  const socketFolder = join(platform.dataFolder, 'run', 'pg');
  database = openDatabase({ socketFolder, user: 'sparkler', database: 'postgres' }, () => undefined);
});
afterAll(async () => {
  await database.close();
  await platform.stop();
  await platform.remove();
});
beforeEach(async () => {
  await setAccount('UNLIMITED', null);
});

/** Account of the key, with a limit of its own. Resolves once the gateway acts by it. */
async function setAccount(
  tier: string,
  ownLimitNanos: number | null,
  suspendState = 'UNSUSPENDED',
): Promise<void> {
  const update = (state: string) =>
    sql`
      update accounts set tier = ${tier}, own_limit_nanos = ${ownLimitNanos}::bigint, suspend_state = ${state}
      where id <> 'fireworks'`.execute(database.db);
  // A limit can't be seen before it is reached, a suspension can; and what lifts it brings the limit along.
  await update('FAILED_PAYMENTS');
  await vi.waitFor(async () => expect(await probe()).toBe(402), { timeout: 20_000 });
  if (suspendState === 'FAILED_PAYMENTS') return;
  await update(suspendState);
  await vi.waitFor(async () => expect(await probe()).toBe(400), { timeout: 20_000 });
}

/** Status of a request that costs nothing: the replica refuses it. */
async function probe(): Promise<number> {
  const response = await chat({
    max_tokens: 1,
    response_format: { type: 'grammar', grammar: 'root ::= absent' },
  });
  await response.text();
  return response.status;
}

/** Ids of the requests that were answered. */
const answered: string[] = [];

async function chat(fields: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(`${platform.baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      messages: [{ role: 'user', content: 'Say something' }],
      max_tokens: 50,
      ...fields,
    }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.ok) answered.push(response.headers.get('x-fireworks-request-id')!);
  return response;
}

interface Answer {
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

/** Where the time and the money of a request went, once it is over. */
async function readTimings(response: Response): Promise<RequestTimings> {
  const url = `${platform.baseUrl}/inference/v1/requests/${response.headers.get('x-fireworks-request-id')}`;
  return await vi.waitFor(
    async () => {
      const found = await fetch(url, { headers: { authorization: `Bearer ${platform.apiKey}` } });
      expect(found.status).toBe(200);
      return (await found.json()) as RequestTimings;
    },
    { timeout: 20_000 },
  );
}

/** The books, once every answer so far is in them. */
async function readBooks() {
  await vi.waitFor(
    async () => {
      const { rows } = await sql<{ booked: string[] }>`
        select coalesce(array_agg(request_id), '{}') as booked from usage`.execute(database.db);
      const booked = new Set(rows[0]!.booked);
      expect(answered.filter((id) => !booked.has(id))).toEqual([]);
    },
    { timeout: 60_000, interval: 200 },
  );
  const { rows } = await sql<{ settled: string; costs: string; journal: string; owed: string }>`
    select (select coalesce(sum(settled_nanos), 0)::text from spend_periods) as settled,
      (select coalesce(sum(cost_nanos), 0)::text from usage) as costs,
      (select coalesce(sum(amount_nanos), 0)::text from ledger_entries) as journal,
      (select coalesce(sum(amount_nanos), 0)::text from ledger_entries
        where ledger_account like 'receivable/%') as owed`.execute(database.db);
  return rows[0]!;
}

describe('spending', () => {
  test('a thousand concurrent requests stay within a small budget; the rest get 402 and the way out', async () => {
    const before = Number((await readBooks()).settled);
    // Room for about a dozen worst cases (about 1,600 tokens at 100 nano-dollars).
    const limit = before + Math.round(0.002 * usd);
    await setAccount('TIER_1', limit);
    const responses = await Promise.all(Array.from({ length: 1000 }, () => chat()));
    const statuses = responses.map((response) => response.status);
    const refused = responses.find((response) => response.status === 402)!;
    expect(await refused.json()).toMatchObject({
      error: { message: expect.stringContaining('monthly-spend-usd'), object: 'error' },
    });
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(new Set(statuses)).toEqual(new Set([200, 402]));
    await Promise.all(responses.map((response) => (response.bodyUsed ? null : response.text())));
    await vi.waitFor(
      async () => {
        const books = await readBooks();
        expect(books.costs).toBe(books.settled);
        expect(Number(books.settled)).toBeGreaterThan(before);
        expect(Number(books.settled)).toBeLessThanOrEqual(limit);
        expect(books.journal).toBe('0');
        expect(books.owed).toBe(books.settled);
      },
      { timeout: 20_000 },
    );
  });

  test('what is billed is what the answers say, to the token', async () => {
    const before = Number((await readBooks()).costs);
    const costs = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const response = await chat({ max_tokens: 5 + i });
        const { usage } = (await response.json()) as Answer;
        const cached = usage.prompt_tokens_details.cached_tokens;
        const cost = (usage.prompt_tokens - cached) * 100 + cached * 50 + usage.completion_tokens * 100;
        expect(await readTimings(response)).toMatchObject({ status: 200, cost_nanos: cost });
        return cost;
      }),
    );
    const expected = costs.reduce((sum, cost) => sum + cost, 0);
    await vi.waitFor(async () => expect(Number((await readBooks()).costs) - before).toBe(expected), {
      timeout: 20_000,
    });
  });

  test('a stream that is broken off costs its prompt and the tokens that came, no more', async () => {
    const before = Number((await readBooks()).costs);
    const abort = new AbortController();
    const response = await chat(
      { stream: true, max_tokens: 4000, ignore_eos: true, return_token_ids: true },
      abort.signal,
    );
    let text = '';
    for await (const part of response.body!) {
      text += Buffer.from(part).toString();
      if (text.split('"token_ids"').length > 20) break;
    }
    const seen = text
      .split('\n\n')
      .slice(0, -1)
      .filter((frame) => frame.startsWith('data: '))
      .map((frame) => JSON.parse(frame.slice('data: '.length)).choices[0].token_ids?.length ?? 0)
      .reduce((sum: number, count: number) => sum + count, 0);
    const timings = await readTimings(response);
    const { prompt, cached_prompt: cached, completion } = timings.tokens;
    expect(timings.status).toBe(499);
    expect(prompt).toBeGreaterThan(10);
    expect(completion).toBeGreaterThanOrEqual(seen);
    expect(completion).toBeLessThan(4000);
    const cost = (prompt - cached) * 100 + cached * 50 + completion * 100;
    expect(timings.cost_nanos).toBe(cost);
    await vi.waitFor(async () => expect(Number((await readBooks()).costs) - before).toBe(cost), {
      timeout: 20_000,
    });
  });

  test('a suspended account is told why, and served again once it is lifted', async () => {
    await setAccount('UNLIMITED', null, 'FAILED_PAYMENTS');
    const response = await chat();
    expect(response.status).toBe(402);
    expect(await response.text()).toContain('pay the open invoices');
    await setAccount('UNLIMITED', null);
    expect((await chat()).status).toBe(200);
  });
});
