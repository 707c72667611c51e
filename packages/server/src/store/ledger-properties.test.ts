import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LeaseSource, SpendRefusedError, type SpendReservation } from '../ledger/spend-guard.ts';
import { SpendLeases } from '../ledger/spend-leases.ts';
import { beatGateway, beginGateway, releaseGone } from './gateways.ts';
import { type CostlyUsage, settleUsage } from './settle-usage.ts';
import { createLeaseSource, returnAllLeases } from './spend-leases.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';

/**
 * Any order of reserve, settle, abort, crash and replay over three gateways on a real database keeps the
 * books: entries add up to zero, nothing goes over the limit, and what is stored twice counts once. So do
 * gateways that are lost or only taken for lost, and settled by others from what engines know, before or
 * after they come back. Only what was under way on those, and no engine knew of any more, goes beyond.
 */

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await sql`insert into accounts (id) values ('acme')`.execute(database.db);
});
afterAll(() => database.close());

const period = '2026-11';
const nowMs = Date.UTC(2026, 10, 22);

/** A gateway: its leases, what runs on it, and what its spool holds. The spool outlives a crash. */
class Gateway {
  readonly name: string;
  readonly #limit: bigint;
  leases: SpendLeases;
  running: { readonly id: string; readonly worst: number; readonly reservation: SpendReservation }[] = [];
  spool: CostlyUsage[] = [];
  /** Its machine is off. */
  isLost = false;
  /** What an engine remembers of it. */
  known: CostlyUsage[] = [];
  /** Questions to the database that have no answer yet. */
  #asking: Promise<number>[] = [];

  constructor(name: string, limit: bigint) {
    this.name = name;
    this.#limit = limit;
    this.leases = this.#open();
  }

  #open(): SpendLeases {
    const budget = { limitNanos: this.#limit, creditOnly: false };
    const leases = createLeaseSource(database.db, this.name, () => budget);
    const source: LeaseSource = {
      ...leases,
      extend: (...question) => {
        const answer = leases.extend(...question);
        this.#asking.push(answer);
        return answer;
      },
    };
    const standing = { monthlyLimitNanos: this.#limit, suspension: null };
    return new SpendLeases({ source, standingOf: () => standing, now: () => nowMs });
  }

  /** Ends the oldest request; its usage goes to the spool. `share` null: it was aborted before it cost. */
  end(share: number | null): void {
    const request = this.running.shift();
    if (request === undefined) return;
    const costNanos = share === null ? 0 : Math.floor(request.worst * share);
    request.reservation.settle(costNanos);
    if (share === null) return;
    this.spool.push(usage(request.id, costNanos));
    this.known.push(usage(request.id, costNanos));
  }

  /** The machine goes off: what runs is broken off, and an engine knows how far it had come. */
  lose(share: number): void {
    this.isLost = true;
    this.known.push(...this.running.map(({ id, worst }) => usage(id, Math.floor(worst * share))));
    this.running = [];
  }

  /** The most that may be due for it and is neither booked nor to be told by an engine. */
  unheard(engineIsGone: boolean): number {
    const running = this.running.reduce((sum, { worst }) => sum + worst, 0);
    return running + (engineIsGone ? this.spool.reduce((sum, { costNanos }) => sum + costNanos, 0) : 0);
  }

  /** Others take it for gone and settle what the engine knows; if it is there, it hears of that. */
  async settleAsGone(engineIsGone: boolean): Promise<void> {
    if (engineIsGone) this.known = [];
    await sql`update gateways set gone_time = now() where node = ${this.name}`.execute(database.db);
    await store(this.name, this.known);
    expect(await releaseGone(database.db, this.name)).not.toBeNull();
    if (this.isLost) return;
    expect(await beatGateway(database.db, this.name, '')).toBe(true);
    await this.leases.startAnew(async () => {
      await beginGateway(database.db, this.name, '');
      await returnAllLeases(database.db, { gateway: this.name });
    });
    expect(await releaseGone(database.db, this.name)).toBeNull();
  }

  /** Stores the spool. `keeps`: it died before it could remove what it stored. */
  async store(keeps: boolean): Promise<void> {
    await store(this.name, this.spool);
    if (!keeps) this.spool = [];
  }

  /** Killed and started again: memory is gone, the spool is stored, and only then leases go back. */
  async crash(): Promise<void> {
    this.running = [];
    this.isLost = false;
    await beginGateway(database.db, this.name, '');
    await this.store(true);
    // A database that was asked by a process that died answers nobody, before that process can be back.
    const asked = await Promise.allSettled(this.#asking.splice(0));
    expect(asked.filter(({ status }) => status === 'rejected')).toEqual([]);
    await returnAllLeases(database.db, { gateway: this.name });
    this.leases = this.#open();
  }
}

const usage = (requestId: string, costNanos: number): CostlyUsage => ({
  requestId,
  account: 'acme',
  user: 'u',
  apiKeyId: 'k',
  model: 'm',
  deployment: 'd',
  promptTokens: 1,
  cachedPromptTokens: 0,
  completionTokens: 1,
  period,
  costNanos,
  time: new Date(nowMs),
});

/** As the usage sink does it: rows that are new are settled in the transaction that stores them. */
async function store(gateway: string, spool: readonly CostlyUsage[]): Promise<void> {
  if (spool.length === 0) return;
  await database.db.transaction().execute(async (transaction) => {
    const rows = spool.map((one) => ({
      request_id: one.requestId,
      account: one.account,
      user_name: one.user,
      api_key_id: one.apiKeyId,
      model: one.model,
      deployment: one.deployment,
      endpoint: 'chat',
      prompt_tokens: 1,
      cached_prompt_tokens: 0,
      completion_tokens: 1,
      status: 200,
      start_time: one.time,
      first_token_ms: null,
      duration_ms: 1,
    }));
    const inserted = await transaction
      .insertInto('usage')
      .values(rows)
      .onConflict((conflict) => conflict.column('request_id').doNothing())
      .returning('request_id')
      .execute();
    const ids = new Set(inserted.map((row) => row.request_id));
    await settleUsage(
      transaction,
      gateway,
      spool.filter((one) => ids.has(one.requestId)),
    );
  });
}

async function readBooks() {
  const { rows } = await sql<Record<'settled' | 'leased' | 'sum' | 'owed' | 'balance' | 'charges', string>>`
    select
      (select coalesce(sum(settled_nanos), 0) from spend_periods)::text as settled,
      (select coalesce(sum(leased_nanos), 0) from spend_periods)::text as leased,
      (select coalesce(sum(amount_nanos), 0) from ledger_entries)::text as sum,
      (select coalesce(sum(amount_nanos), 0) from ledger_entries where ledger_account = 'receivable/acme')::text as owed,
      (select coalesce(sum(balance_nanos), 0) from account_balances)::text as balance,
      (select coalesce(sum(cost_nanos), 0) from charges)::text as charges`.execute(database.db);
  return Object.fromEntries(Object.entries(rows[0]!).map(([key, text]) => [key, BigInt(text)]));
}

const step = fc.record({
  gateway: fc.integer({ min: 0, max: 2 }),
  act: fc.constantFrom(
    'reserve',
    'reserve',
    'reserve',
    'settle',
    'settle',
    'abort',
    'store',
    'replay',
    'crash',
    'lose',
    'settle-as-gone',
    'settle-as-gone',
  ),
  worst: fc.integer({ min: 1, max: 30_000_000 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('any interleaving of reserve, settle, abort, crash, replay and loss keeps the books', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 150_000_000 }), run),
    { numRuns: 15 },
  );
});

async function run(
  steps: readonly { gateway: number; act: string; worst: number; share: number }[],
  limit: number,
) {
  const { db } = database;
  await sql`truncate gateways, spend_leases, spend_periods, ledger_entries, ledger_transactions`.execute(db);
  await sql`truncate account_balances, charges, usage`.execute(db);
  const gateways = ['g0', 'g1', 'g2'].map((name) => new Gateway(name, BigInt(limit)));
  for (const { name } of gateways) await beginGateway(database.db, name, '');
  const seen = new Map<string, number>();
  let beyond = 0;
  for (const [index, { gateway: at, act, worst, share }] of steps.entries()) {
    const gateway = gateways[at]!;
    if (act === 'settle-as-gone') {
      beyond += gateway.unheard(share < 0.3);
      await gateway.settleAsGone(share < 0.3);
    } else if (gateway.isLost && act !== 'crash') continue;
    else if (act === 'reserve') await reserve(gateway, `r${index}`, worst);
    else if (act === 'lose') gateway.lose(share);
    else if (act === 'settle') gateway.end(share);
    else if (act === 'abort') gateway.end(null);
    else if (act === 'crash') await gateway.crash();
    else await gateway.store(act === 'replay');
    for (const one of gateways.flatMap(({ spool }) => spool)) seen.set(one.requestId, one.costNanos);
    if (act === 'settle-as-gone') for (const one of gateway.known) seen.set(one.requestId, one.costNanos);
    const books = await readBooks();
    expect(books.sum).toBe(0n);
    expect(books.settled! + books.leased!).toBeLessThanOrEqual(BigInt(limit + beyond));
    expect(books.balance).toBe(books.owed);
  }
  for (const gateway of gateways) await gateway.crash();
  const total = BigInt([...seen.values()].reduce((sum, cost) => sum + cost, 0));
  const books = { settled: total, leased: 0n, sum: 0n, owed: total, balance: total, charges: total };
  expect(await readBooks()).toEqual(books);
  // Everything once more: the same total.
  for (const gateway of gateways) await gateway.crash();
  expect(await readBooks()).toEqual(books);
}

async function reserve(gateway: Gateway, id: string, worst: number): Promise<void> {
  try {
    gateway.running.push({ id, worst, reservation: await gateway.leases.reserve('acme', worst) });
  } catch (error) {
    expect(error).toBeInstanceOf(SpendRefusedError);
  }
}
