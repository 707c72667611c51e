import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { writeGatewayLoads } from '../../store/gateway-loads.ts';
import { addAccountWithModel, openTestDatabase, type TestDatabase } from '../../store/testing.ts';
import { Autoscaler } from './autoscaler.ts';
import { takeUnbroken } from './take-unbroken.ts';

const name = 'accounts/acme/deployments/d';
const stepMs = 15_000;
const minuteMs = 60_000;
const slotsPerReplica = 10;

let database: TestDatabase;
let nowMs: number;
let changes: string[];

beforeAll(async () => {
  database = await openTestDatabase();
  await addAccountWithModel(database);
});
afterAll(() => database.close());
beforeEach(async () => {
  const { db } = database;
  nowMs = Date.UTC(2026, 0, 1);
  changes = [];
  await db.deleteFrom('deployments').execute();
  await db
    .insertInto('deployments')
    .values({
      name,
      account: 'acme',
      base_model: 'accounts/acme/models/m',
      min_replica_count: 1,
      max_replica_count: 4,
      requested_replica_count: 2,
    })
    .execute();
});

function lead(): Autoscaler {
  return new Autoscaler({
    db: database.db,
    queue: { request: async () => undefined } as never,
    slotsPerReplica,
    now: () => nowMs,
    onChange: (_, replicas, reason) => void changes.push(`${replicas}: ${reason}`),
  });
}

/** Looks for some time at a load that stays; returns when the first change came, if one did. */
async function watch(leader: Autoscaler, forMs: number, concurrent: number): Promise<number | null> {
  const endMs = nowMs + forMs;
  for (; nowMs < endMs; nowMs += stepMs) {
    const load = { deployment: name, concurrent, requests: 0, tokens: 0, isActive: concurrent > 0 };
    await writeGatewayLoads(database.db, 'g', [load], new Date(nowMs));
    await leader.look();
    if (changes.length > 0) return nowMs;
  }
  return null;
}

test('another leader goes on with what the first one saw', async () => {
  const startMs = nowMs;
  expect(await watch(lead(), 8 * minuteMs, 0)).toBeNull();
  nowMs += 10_000;
  const changeMs = await watch(lead(), 5 * minuteMs, 0);
  expect(changes).toEqual(['1: load was below its target for 600 s']);
  // Ten minutes after the first leader began to watch, not after the second.
  expect(changeMs! - startMs).toBeLessThan(11 * minuteMs);
});

test('after a long time in which nobody watched it begins anew', async () => {
  expect(await watch(lead(), 8 * minuteMs, 0)).toBeNull();
  nowMs += 2 * minuteMs;
  expect(await watch(lead(), 9 * minuteMs, 0)).toBeNull();
});

test('requests that waited for another leader are no reason to scale', async () => {
  expect(await watch(lead(), 2 * minuteMs, 16)).toBeNull();
  nowMs += 10_000;
  const next = lead();
  expect(await watch(next, 2 * stepMs, 90)).toBeNull();
  expect(await watch(next, 3 * minuteMs, 16)).toBeNull();
  // A load that stays is one.
  expect(await watch(next, 2 * minuteMs, 90)).not.toBeNull();
});

test('history counts back to the first hole', () => {
  const times = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 20 });
  fc.assert(
    fc.property(times, (gaps) => {
      let timeMs = 0;
      const samples = gaps.map((gap) => {
        timeMs += gap * 1_000;
        return { timeMs };
      });
      const kept = takeUnbroken(samples, timeMs);
      expect(samples.slice(samples.length - kept.length)).toEqual(kept);
      const isDense = kept.every(({ timeMs: at }, index) => at - (kept[index - 1]?.timeMs ?? at) <= 60_000);
      expect(isDense).toBe(true);
      const before = samples[samples.length - kept.length - 1];
      if (before !== undefined) expect(kept[0]!.timeMs - before.timeMs).toBeGreaterThan(60_000);
    }),
  );
  expect(takeUnbroken([{ timeMs: 0 }], 61_000)).toEqual([]);
});
