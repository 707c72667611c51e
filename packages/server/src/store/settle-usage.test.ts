import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SpendRefusedError } from '../ledger/spend-guard.ts';
import { SpendLeases } from '../ledger/spend-leases.ts';
import { type CostlyUsage, settleUsage } from './settle-usage.ts';
import { createLeaseSource, returnAllLeases } from './spend-leases.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  const { db } = database;
  await sql`truncate spend_leases, spend_periods, ledger_entries, ledger_transactions, account_balances, charges`.execute(
    db,
  );
  await sql`insert into accounts (id) values ('acme') on conflict do nothing`.execute(db);
});

const period = '2026-11';
const now = () => Date.UTC(2026, 10, 22);
const gateway = (name: string, limit: bigint) =>
  new SpendLeases({
    source: createLeaseSource(database.db, name, () => ({ limitNanos: limit, creditOnly: false })),
    standingOf: () => ({ monthlyLimitNanos: limit, suspension: null }),
    now,
  });

async function budget(): Promise<{ settled: bigint; leased: bigint }> {
  const { rows } = await sql<{ settled: string; leased: string }>`
    select settled_nanos::text as settled, leased_nanos::text as leased from spend_periods`.execute(
    database.db,
  );
  return { settled: BigInt(rows[0]?.settled ?? 0), leased: BigInt(rows[0]?.leased ?? 0) };
}

async function journalSum(): Promise<bigint> {
  const { rows } = await sql<{ sum: string }>`
    select coalesce(sum(amount_nanos), 0)::text as sum from ledger_entries`.execute(database.db);
  return BigInt(rows[0]?.sum ?? 0);
}

const usage = (requestId: string, costNanos: number): CostlyUsage => ({
  requestId,
  account: 'acme',
  user: 'accounts/acme/users/u',
  apiKeyId: 'k',
  model: 'accounts/acme/models/m',
  deployment: 'accounts/fireworks/deployments/d',
  promptTokens: 1,
  cachedPromptTokens: 0,
  completionTokens: 0,
  period,
  costNanos,
  time: new Date(now()),
});

const settle = (name: string, stored: readonly CostlyUsage[]) =>
  database.db.transaction().execute((transaction) => settleUsage(transaction, name, stored));

describe('budgets', () => {
  test('a thousand concurrent requests on four gateways spend the budget exactly, and no more', async () => {
    const cost = 1_000_000;
    const limit = 400n * BigInt(cost);
    const gateways = ['g0', 'g1', 'g2', 'g3'].map((name) => ({ name, leases: gateway(name, limit) }));
    const done: CostlyUsage[][] = gateways.map(() => []);
    const refusals: unknown[] = [];
    await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => {
        const index = i % gateways.length;
        try {
          const reservation = await gateways[index]!.leases.reserve('acme', cost);
          await new Promise((resolve) => setTimeout(resolve, i % 7));
          reservation.settle(cost);
          done[index]!.push(usage(`r${i}`, cost));
        } catch (error) {
          refusals.push(error);
        }
      }),
    );
    expect(refusals.every((error) => error instanceof SpendRefusedError)).toBe(true);
    for (const [index, { name, leases }] of gateways.entries()) {
      await settle(name, done[index]!);
      await leases.close();
    }
    const { settled, leased } = await budget();
    expect(settled).toBe(BigInt(done.flat().length * cost));
    expect(settled).toBeLessThanOrEqual(limit);
    // Each gateway may hold at most a slice that another could have spent.
    expect(settled).toBeGreaterThan(limit - 4n * 21_000_000n);
    expect(leased).toBe(0n);
    expect(await journalSum()).toBe(0n);
  });

  test('what a killed gateway held comes back once its usage is stored, and nothing is booked twice', async () => {
    const limit = 100_000_000n;
    const dead = gateway('g0', limit);
    (await dead.reserve('acme', 30_000_000)).settle(25_000_000);
    await dead.reserve('acme', 40_000_000);
    expect((await budget()).leased).toBeGreaterThanOrEqual(70_000_000n);
    // Killed here. The next life stores the spool, then returns the rest.
    await settle('g0', [usage('r1', 25_000_000)]);
    await returnAllLeases(database.db, { gateway: 'g0' });
    expect(await budget()).toEqual({ settled: 25_000_000n, leased: 0n });
    await expect(settle('g0', [usage('r1', 25_000_000)])).rejects.toThrow('duplicate');
    expect(await budget()).toEqual({ settled: 25_000_000n, leased: 0n });
    const next = gateway('g0', limit);
    (await next.reserve('acme', 75_000_000)).settle(75_000_000);
    await expect(Promise.resolve(next.reserve('acme', 1))).rejects.toThrow('spending limit');
  });

  test('a gateway that never comes back loses its leases after a time', async () => {
    await gateway('gone', 50_000_000n).reserve('acme', 10_000_000);
    await returnAllLeases(database.db, { olderThan: new Date(Date.now() - 3_600_000) });
    expect((await budget()).leased).toBeGreaterThan(0n);
    await returnAllLeases(database.db, { olderThan: new Date(Date.now() + 1000) });
    expect((await budget()).leased).toBe(0n);
  });

  test('the journal can only grow', async () => {
    await settle('g0', [usage('r1', 5)]);
    await expect(sql`update ledger_entries set amount_nanos = 1`.execute(database.db)).rejects.toThrow(
      'append-only',
    );
    await expect(sql`delete from ledger_transactions`.execute(database.db)).rejects.toThrow('append-only');
    expect(await journalSum()).toBe(0n);
  });
});
