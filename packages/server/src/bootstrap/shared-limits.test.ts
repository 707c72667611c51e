import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { insertApiKey } from '../store/api-keys.ts';
import { type OpenDatabase, openDatabase } from '../store/database.ts';
import {
  askUntilAnswered,
  makeDataFolder,
  removeFolder,
  startTestServer,
  stopServer,
  type TestServer,
} from './testing.ts';

/** Limits of an account over several gateways in processes of their own, on one Postgres. */

let database: OpenDatabase;
let key: string;
const folders: string[] = [];
const servers: TestServer[] = [];
let gateways: TestServer[];

beforeAll(async () => {
  const whole = await start({});
  await askUntilAnswered(whole);
  key = (await readFile(join(whole.dataFolder, 'api-key'), 'utf8')).trim();
  const socketFolder = join(whole.dataFolder, 'run', 'pg');
  database = openDatabase({ socketFolder, user: 'sparkler', database: 'postgres' }, () => undefined);
  await setQuotas({ 'requests-per-minute': 40 });
  const env = {
    SPARKLER_ROLES: 'gateway',
    DATABASE_URL: `postgres://sparkler@localhost/postgres?host=${encodeURIComponent(socketFolder)}`,
  };
  gateways = await Promise.all([start(env), start(env)]);
}, 120_000);
afterAll(async () => {
  await database?.close();
  for (const server of servers.toReversed()) await stopServer(server);
  for (const folder of folders) await removeFolder(folder);
});

async function start(env: Readonly<Record<string, string>>): Promise<TestServer> {
  const dataFolder = await makeDataFolder();
  folders.push(dataFolder);
  const server = await startTestServer({ dataFolder, env });
  servers.push(server);
  return server;
}

async function countLoans(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from rate_meters where state -> 'lent' <> '{}'`.execute(database.db);
  return rows[0]!.count;
}

/** Sets quotas of the account, and forgets what it used so far. */
async function setQuotas(values: Readonly<Record<string, number>>): Promise<void> {
  // What servers borrowed goes back when they are idle: later it would be taken off what was lent since.
  await vi.waitFor(async () => expect(await countLoans()).toBe(0), { timeout: 30_000 });
  await sql`delete from account_quotas`.execute(database.db);
  for (const [quota, value] of Object.entries(values)) {
    await sql`insert into account_quotas (account, quota, max_value) values ('local', ${quota}, ${value})`.execute(
      database.db,
    );
  }
  await sql`delete from rate_meters`.execute(database.db);
}

async function ask(server: TestServer, prompt: string, bearer = key) {
  const response = await fetch(`${server.baseUrl}/inference/v1/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'smollm2-135m-instruct', prompt, max_tokens: 4 }),
  });
  const body = (await response.json()) as {
    error?: { code: string; message: string };
    usage?: {
      prompt_tokens: number;
      completion_tokens: number;
      total_tokens: number;
      prompt_tokens_details: { cached_tokens: number };
    };
  };
  return { status: response.status, headers: response.headers, body };
}

test('requests of a minute are counted over all gateways, and refused beyond', async () => {
  const startMs = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => ask(gateways[index % 2]!, 'hello')),
  );
  const refilled = ((performance.now() - startMs) / 60_000) * 40;
  const served = answers.filter(({ status }) => status === 200);
  expect(served.length).toBeLessThanOrEqual(40 + refilled);
  // Some of the forty may lie borrowed in one gateway while the other refuses.
  expect(served.length).toBeGreaterThanOrEqual(20);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
  expect(refused[0]!.body.error).toMatchObject({
    code: 'OVER_QUOTA',
    message: expect.stringContaining('quota requests-per-minute'),
  });
  expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('tokens of a day are counted over all gateways, and refused beyond', async () => {
  await setQuotas({ 'tokens-per-day-under-40b': 20_000 });
  for (const gateway of gateways) {
    await expect
      .poll(async () => (await ask(gateway, 'hello')).headers.get('x-ratelimit-limit-requests'), {
        timeout: 20_000,
      })
      .toBe('60');
  }
  await sql`delete from usage`.execute(database.db);
  let tokens = 0;
  const drain = async (gateway: TestServer): Promise<string> => {
    for (let sent = 0; sent < 400; sent += 1) {
      const { status, body } = await ask(gateway, `${sent} ${'long '.repeat(400)}`);
      if (status !== 200) return `${status} ${body.error?.message}`;
      tokens += body.usage!.total_tokens;
    }
    throw new Error('nothing was refused');
  };
  const ends = await Promise.all(gateways.map(drain));
  for (const end of ends) expect(end).toMatch(/^429 .*tokens-per-day-under-40b/);
  expect(tokens).toBeLessThanOrEqual(20_000);
  expect(tokens).toBeGreaterThan(10_000);
}, 60_000);

/** Another account, which may spend so much a month. Returns a key of it. */
async function makeSpender(limitNanos: number): Promise<string> {
  const { db } = database;
  const [account, user, email] = ['spender', 'accounts/spender/users/u', 'u@example.com'];
  await sql`insert into accounts (id, tier, own_limit_nanos) values (${account}, 'TIER_1', ${limitNanos})`.execute(
    db,
  );
  await sql`
    insert into users (name, account, email, role) values (${user}, ${account}, ${email}, 'admin')`.execute(
    db,
  );
  const made = await insertApiKey(
    db,
    { account, user, email },
    { displayName: '', expireTime: null, models: null, deployments: null, isReadOnly: false },
  );
  return made.key!;
}

test('a budget is spent over all gateways, and not exceeded by all of them together', async () => {
  // More than a gateway borrows at first, so that the other one has something to spend.
  const limit = 30_000_000;
  const spender = await makeSpender(limit);
  let spent = 0;
  const spend = async (gateway: TestServer, prompt: string): Promise<string> => {
    const { status, body } = await ask(gateway, prompt, spender);
    if (status !== 200) return `${status} ${body.error?.message}`;
    const { prompt_tokens, completion_tokens, prompt_tokens_details } = body.usage!;
    const cached = prompt_tokens_details.cached_tokens;
    // $0.10 a million tokens, half for cached ones.
    spent += (prompt_tokens - cached) * 100 + cached * 50 + completion_tokens * 100;
    return '200';
  };
  for (const gateway of gateways) {
    await expect.poll(() => spend(gateway, 'hello'), { timeout: 20_000 }).toBe('200');
  }
  const drain = async (gateway: TestServer, name: string): Promise<string> => {
    for (let sent = 0; sent < 400; sent += 1) {
      const end = await spend(gateway, `${name} ${sent} ${'long '.repeat(1400)}`);
      if (end !== '200') return end;
    }
    throw new Error('nothing was refused');
  };
  const callers = gateways.flatMap((gateway, index) =>
    ['a', 'b', 'c'].map((caller) => drain(gateway, `${index} ${caller}`)),
  );
  for (const end of await Promise.all(callers)) expect(end).toMatch(/^402 .*spending limit/);
  // Requests reserve their worst case first: not even those in flight go beyond it.
  expect(spent).toBeLessThanOrEqual(limit);
  expect(spent).toBeGreaterThan(limit / 2);
  const readSettled = async () => {
    const { rows } = await sql<{ settled: number }>`
      select sum(settled_nanos)::float8 as settled from spend_periods where account = 'spender'`.execute(
      database.db,
    );
    return rows[0]!.settled;
  };
  await expect.poll(readSettled, { timeout: 30_000 }).toBe(spent);
}, 120_000);
