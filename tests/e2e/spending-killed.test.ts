import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { Client } from 'undici';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type OpenDatabase, openDatabase } from '../../packages/server/src/store/database.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/**
 * Two gateways spend one budget, and one of them is killed in the middle: not a cent too much, and in the end
 * what the engines say they did is billed, to the token.
 */

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));
/** Nano-dollars: two slices that a gateway leases at once. A request costs about 160,000, so not all fit. */
const BUDGET = 40_000_000;
const WORKERS = 20;
const REQUESTS = 300;

let platform: Platform;
let database: OpenDatabase;
let folder: string;
let lostFolder: string;
/** Counts before the first request. */
let before: { readonly engine: Tokens; readonly billed: Tokens };
const children: ChildProcess[] = [];

beforeAll(async () => {
  platform = await startPlatform({ SPARKLER_QUEUED_PER_DEPLOYMENT_MAX: '2000' });
  const socketFolder = join(platform.dataFolder, 'run', 'pg');
  database = openDatabase({ socketFolder, user: 'sparkler', database: 'postgres' }, () => undefined);
  folder = await mkdtemp(join(tmpdir(), 'sparkler-gateway-'));
  lostFolder = await mkdtemp(join(tmpdir(), 'sparkler-gateway-'));
  before = { engine: await readEngineTokens(), billed: await readBilledTokens() };
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database?.close();
  await platform?.stop();
  await platform?.remove();
  for (const path of [folder, lostFolder]) await rm(path, { recursive: true, force: true });
});

/** A second server that is a gateway only, on the first one's database. */
async function startGateway(dataFolder = folder): Promise<{ baseUrl: string; child: ChildProcess }> {
  const host = encodeURIComponent(join(platform.dataFolder, 'run', 'pg'));
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      SPARKLER_DATA: dataFolder,
      SPARKLER_PORT: '0',
      SPARKLER_ROLES: 'gateway',
      SPARKLER_RUNNER: 'scripted',
      DATABASE_URL: `postgres://sparkler@/postgres?host=${host}`,
    },
  });
  children.push(child);
  let told = '';
  for await (const part of child.stdout!) {
    told += String(part);
    const found = /Listening on (\S+)/.exec(told)?.[1];
    if (found !== undefined) return { baseUrl: found, child };
  }
  throw new Error(`the gateway did not start: ${told}`);
}

interface Answered {
  readonly id: string;
  readonly costNanos: number;
}

interface Completion {
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

function post(baseUrl: string, fields: object): Promise<Response> {
  return fetch(`${baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'smollm2-135m-instruct',
      messages: [{ role: 'user', content: `${randomUUID()} ${'long '.repeat(300)}` }],
      ...fields,
    }),
  });
}

/** One request; null when it was refused for lack of money, or its gateway died. */
async function ask(baseUrl: string): Promise<Answered | null> {
  try {
    const response = await post(baseUrl, { max_tokens: 5 });
    const text = await response.text();
    if (response.status !== 200) {
      expect(response.status).toBe(402);
      return null;
    }
    const { usage } = JSON.parse(text) as Completion;
    const cached = usage.prompt_tokens_details.cached_tokens;
    const costNanos = (usage.prompt_tokens - cached) * 100 + cached * 50 + usage.completion_tokens * 100;
    return { id: response.headers.get('x-fireworks-request-id')!, costNanos };
  } catch (error) {
    // Node's fetch tells a broken connection so.
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** Kills a gateway once each of some long streams through it has begun; none of them comes to its end. */
async function killAmidStreams({ baseUrl, child }: { baseUrl: string; child: ChildProcess }): Promise<void> {
  const begin = async () => {
    const { body } = await post(baseUrl, { max_tokens: 3_000, ignore_eos: true, stream: true });
    await body!.getReader().read();
  };
  await Promise.all([begin(), begin(), begin(), begin()]);
  child.kill('SIGKILL');
}

/** Many requests, some at once; `onAnswer` hears of each that was served. */
async function drive(baseUrl: string, onAnswer: (answered: Answered) => void): Promise<void> {
  let left = REQUESTS;
  const work = async () => {
    while (left-- > 0) {
      const answered = await ask(baseUrl);
      if (answered !== null) onAnswer(answered);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
}

async function readBooks() {
  const { rows } = await sql<{ settled: string; leased: string; costs: string; journal: string }>`
    select (select coalesce(sum(settled_nanos), 0)::text from spend_periods) as settled,
      (select coalesce(sum(leased_nanos), 0)::text from spend_periods) as leased,
      (select coalesce(sum(cost_nanos), 0)::text from usage) as costs,
      (select coalesce(sum(amount_nanos), 0)::text from ledger_entries) as journal`.execute(database.db);
  const { settled, leased, costs, journal } = rows[0]!;
  return { settled: Number(settled), leased: Number(leased), costs: Number(costs), journal };
}

/** Tokens that usage rows have, and those that the engines counted themselves. */
interface Tokens {
  readonly prompt: number;
  readonly cached_prompt: number;
  readonly generated: number;
}

async function readBilledTokens(): Promise<Tokens> {
  const { rows } = await sql<Record<keyof Tokens, string>>`
    select coalesce(sum(prompt_tokens), 0)::text as prompt,
      coalesce(sum(cached_prompt_tokens), 0)::text as cached_prompt,
      coalesce(sum(completion_tokens), 0)::text as generated from usage`.execute(database.db);
  const { prompt, cached_prompt, generated } = rows[0]!;
  return { prompt: Number(prompt), cached_prompt: Number(cached_prompt), generated: Number(generated) };
}

async function readEngineTokens(): Promise<Tokens> {
  const { rows } = await sql<{ socket_path: string }>`
    select socket_path from replicas where socket_path is not null`.execute(database.db);
  const tokens = { prompt: 0, cached_prompt: 0, generated: 0 };
  for (const { socket_path } of rows) {
    const client = new Client('http://engine', { socketPath: socket_path });
    const { body } = await client.request({ method: 'GET', path: '/metrics' });
    const text = await body.text();
    await client.close();
    for (const kind of ['prompt', 'cached_prompt', 'generated'] as const) {
      const found = new RegExp(`sparkler_engine_tokens_total\\{kind="${kind}"\\} (\\d+)`).exec(text);
      tokens[kind] += Number(found?.[1] ?? 0);
    }
  }
  return tokens;
}

function subtract(a: Tokens, b: Tokens): Tokens {
  return {
    prompt: a.prompt - b.prompt,
    cached_prompt: a.cached_prompt - b.cached_prompt,
    generated: a.generated - b.generated,
  };
}

test('a gateway that is killed in the middle spends no more than was lent to it, and bills all it did', {
  timeout: 120_000,
}, async () => {
  // Before the second one starts: the first has heard of it by then, too.
  await sql`update accounts set tier = 'TIER_1', own_limit_nanos = ${BUDGET}::bigint where id = 'local'`.execute(
    database.db,
  );
  const second = await startGateway();
  const served: Answered[] = [];
  const servedBySecond: Answered[] = [];
  const through = drive(platform.baseUrl, (answered) => void served.push(answered));
  const enough = Promise.withResolvers<void>();
  const throughSecond = drive(second.baseUrl, (answered) => {
    if (servedBySecond.push(answered) === 10) enough.resolve();
  });
  const killed = enough.promise.then(() => killAmidStreams(second));
  await Promise.all([through, throughSecond, killed, once(second.child, 'exit')]);
  expect(served.length).toBeGreaterThan(10);
  expect(served.length).toBeLessThan(REQUESTS);
  const spent = [...served, ...servedBySecond].reduce((sum, { costNanos }) => sum + costNanos, 0);
  expect(spent).toBeLessThanOrEqual(BUDGET);
  // What was lent to the dead gateway stays lent: nobody else can spend it too.
  const between = await readBooks();
  expect(between.settled + between.leased).toBeLessThanOrEqual(BUDGET);

  // Its next life settles what its last one served, and gives the rest back.
  const next = await startGateway();
  next.child.kill('SIGTERM');
  await once(next.child, 'exit');
  const stored = await vi.waitFor(
    async () => {
      const { rows } = await sql<{ request_id: string }>`select request_id from usage`.execute(database.db);
      const ids = new Set(rows.map((row) => row.request_id));
      for (const { id } of served) expect(ids).toContain(id);
      return ids;
    },
    { timeout: 20_000 },
  );
  expect(servedBySecond.filter(({ id }) => !stored.has(id))).toEqual([]);
  expect(stored.size).toBeGreaterThan(served.length);
  await expectAllBilled();
  await expectDayTokens();
  expect((await readBooks()).settled).toBeLessThanOrEqual(BUDGET);
});

/** What is counted of the quota of tokens a day is what usage rows of that day have. */
async function expectDayTokens(): Promise<void> {
  await vi.waitFor(
    async () => {
      const { rows } = await sql<{ taken: number; used: number }>`
        with today as (
          select state -> 'days' -> 'tokens-per-day-under-40b' as meter from rate_meters where account = 'local'
        )
        select (meter ->> 'taken')::integer as taken,
          (select sum(prompt_tokens + completion_tokens)::integer from usage
            where floor(extract(epoch from start_time) / 86400) = (meter ->> 'day')::integer) as used
        from today`.execute(database.db);
      expect(rows[0]!.taken).toBe(rows[0]!.used);
    },
    { timeout: 20_000 },
  );
}

interface GatewayStanding {
  readonly gateway: string;
  readonly state: string;
  readonly settledRequests: string;
}

async function operate<Answer>(method: string, verb: string, body?: object): Promise<Answer> {
  const response = await fetch(`${platform.baseUrl}/v1/accounts/local:${verb}`, {
    method,
    headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}

/** What the engines did since the beginning has been billed, to the token, and nothing more. */
async function expectAllBilled(): Promise<void> {
  await vi.waitFor(
    async () => {
      const did = subtract(await readEngineTokens(), before.engine);
      expect(did.generated).toBeGreaterThan(0);
      expect(subtract(await readBilledTokens(), before.billed)).toEqual(did);
      const books = await readBooks();
      expect([books.costs, books.journal]).toEqual([books.settled, '0']);
    },
    { timeout: 20_000 },
  );
}

test('a gateway that never returns is settled from what the engines know, once, also if it returns', {
  timeout: 120_000,
}, async () => {
  await sql`update accounts set own_limit_nanos = 20 * ${BUDGET}::bigint where id = 'local'`.execute(
    database.db,
  );
  const lost = await startGateway(lostFolder);
  await vi.waitFor(async () => expect(await ask(lost.baseUrl)).not.toBeNull(), { timeout: 20_000 });
  // These have ended, and may lie in its spool yet.
  await Promise.all(Array.from({ length: 10 }, () => ask(lost.baseUrl)));
  await killAmidStreams(lost);
  await once(lost.child, 'exit');
  const gateway = (await readFile(join(lostFolder, 'node-id'), 'utf8')).trim();
  const find = async () => {
    const { gateways } = await operate<{ gateways: GatewayStanding[] }>('GET', 'listGateways');
    return gateways.find((one) => one.gateway === gateway)!;
  };
  expect((await find()).state).toMatch(/SERVING|SILENT/);
  // So that the test need not wait until it counts as silent.
  await sql`update gateways set seen_time = now() - interval '1 minute' where node = ${gateway}`.execute(
    database.db,
  );
  expect((await operate<GatewayStanding>('POST', 'settleGateway', { gateway })).state).toMatch(
    /GONE|SETTLED/,
  );
  await vi.waitFor(async () => expect((await find()).state).toBe('SETTLED'), { timeout: 30_000 });
  expect(Number((await find()).settledRequests)).toBeGreaterThanOrEqual(4);
  const { rows } = await sql`select from spend_leases where gateway = ${gateway}`.execute(database.db);
  expect(rows).toEqual([]);
  await expectAllBilled();
  await expectDayTokens();

  const back = await startGateway(lostFolder);
  expect((await find()).state).toBe('SERVING');
  back.child.kill('SIGTERM');
  await once(back.child, 'exit');
  await expectAllBilled();
  expect(await find()).toBeUndefined();
});
