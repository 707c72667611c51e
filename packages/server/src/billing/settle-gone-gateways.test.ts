import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { SpendLeases } from '../ledger/spend-leases.ts';
import { beatGateway, beginGateway, declareGone, endGateway, readGateways } from '../store/gateways.ts';
import { createLeaseSource } from '../store/spend-leases.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing.ts';
import { createGatewayWatch } from './settle-gone-gateways.ts';

const goneAfterMs = 600_000;
const period = '2026-11';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await sql`insert into accounts (id) values ('acme')`.execute(database.db);
});
afterAll(() => database.close());
beforeEach(() => sql`truncate gateways, spend_leases, spend_periods`.execute(database.db));

/** A watch whose clock the test moves; `settled` tells what it did. */
function openWatch() {
  const clock = { ms: 0 };
  const settled: [string, number][] = [];
  const watch = createGatewayWatch({
    db: database.db,
    goneAfterMs,
    nowMs: () => clock.ms,
    onProblem: (text) => expect.unreachable(text),
    onSettled: (gateway, { nanos }) => void settled.push([gateway, nanos]),
  });
  /** Looks every 30 s for so long; `meanwhile` runs before each look. */
  const pass = async (ms: number, meanwhile: () => Promise<unknown> = async () => undefined) => {
    for (const endMs = clock.ms + ms; clock.ms < endMs; ) {
      clock.ms += 30_000;
      await meanwhile();
      await watch.look();
    }
  };
  return { clock, watch, pass, settled };
}

const lend = (gateway: string, nanos: number) =>
  createLeaseSource(database.db, gateway, () => ({ limitNanos: 1_000n, creditOnly: false })).extend(
    'acme',
    period,
    nanos,
  );

async function readLeased(): Promise<number> {
  const { rows } = await sql<{ leased: number }>`
    select coalesce(sum(leased_nanos), 0)::float8 as leased from spend_periods`.execute(database.db);
  return rows[0]!.leased;
}

test('what a silent gateway holds goes back after its time, and one that speaks keeps it', async () => {
  const { db } = database;
  for (const node of ['dead', 'alive']) await beginGateway(db, node, 'host');
  await lend('dead', 300);
  await lend('alive', 200);
  const { pass, settled } = openWatch();
  const speak = () => beatGateway(db, 'alive', 'host');
  await pass(goneAfterMs, speak);
  expect([settled, await readLeased()]).toEqual([[], 500]);
  await pass(30_000, speak);
  expect([settled, await readLeased()]).toEqual([[['dead', 300]], 200]);
  // Once.
  await pass(goneAfterMs, speak);
  expect(settled).toHaveLength(1);
  const [, dead] = await readGateways(db);
  expect(dead).toMatchObject({ node: 'dead', heldNanos: 0, releasedNanos: 300, settledRequests: 0 });
  expect(dead!.settleTime).not.toBeNull();
});

test('time in which nobody looked, as when the database was away, counts against no gateway', async () => {
  await beginGateway(database.db, 'quiet', 'host');
  await lend('quiet', 300);
  const { clock, pass, settled } = openWatch();
  await pass(goneAfterMs / 2);
  clock.ms += 10 * goneAfterMs;
  await pass(goneAfterMs - 30_000);
  expect(settled).toEqual([]);
  await pass(60_000);
  expect(settled).toEqual([['quiet', 300]]);
});

test('an operator need not wait; one that spoke a moment ago is refused', async () => {
  const { db } = database;
  await beginGateway(db, 'lost', 'host');
  await lend('lost', 300);
  expect(await declareGone(db, 'never')).toBe('unknown');
  expect(await declareGone(db, 'lost')).toBe('speaks');
  await sql`update gateways set seen_time = now() - interval '1 minute'`.execute(db);
  expect(await declareGone(db, 'lost')).toBe('declared');
  const { watch, settled } = openWatch();
  await watch.look();
  expect([settled, await readLeased()]).toEqual([[['lost', 300]], 0]);
});

test('one that ends in order is not looked for; one that still holds something is', async () => {
  const { db } = database;
  for (const node of ['ended', 'holding']) await beginGateway(db, node, 'host');
  await lend('holding', 300);
  for (const node of ['ended', 'holding']) await endGateway(db, node);
  expect((await readGateways(db)).map(({ node }) => node)).toEqual(['holding']);
});

test('who was taken for gone spends nothing of what it had, and can go on with a new loan', async () => {
  const { db } = database;
  await beginGateway(db, 'back', 'host');
  const limit = { limitNanos: 1_000_000_000n, creditOnly: false };
  let isHeard = true;
  const leases = new SpendLeases({
    source: createLeaseSource(db, 'back', () => limit),
    standingOf: () => ({ monthlyLimitNanos: limit.limitNanos, suspension: null }),
    now: () => Date.UTC(2026, 10, 22),
    mayTrust: () => isHeard,
  });
  const before = await leases.reserve('acme', 1_000);
  isHeard = false;
  expect(() => leases.reserve('acme', 1_000)).toThrow('nothing was heard of the database');
  isHeard = true;
  await sql`update gateways set gone_time = now()`.execute(db);
  await openWatch().watch.look();
  expect(await readLeased()).toBe(0);
  await leases.startAnew(() => beginGateway(db, 'back', 'host'));
  before.settle(10);
  const after = await leases.reserve('acme', 1_000);
  expect(await readLeased()).toBe(20_001_000);
  after.settle(600);
  await leases.close();
  // The room of the one before is not its own any more.
  expect(await readLeased()).toBe(600);
});
