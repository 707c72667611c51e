import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createLeadership } from '../store/leadership.ts';
import { openReconcileQueue, type ReconcileQueue } from '../store/reconcile-queue.ts';
import { createReconcileResults, type ReconcileOutcome } from '../store/reconcile-results.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing.ts';
import { deriveBackOffMs, type ReconcileDriver, startDriver } from './driver.ts';

const settled: ReconcileOutcome = {
  generation: 1,
  outcome: 'settled',
  details: [],
  reason: null,
  lookAgainMs: null,
};
let database: TestDatabase;
let queue: ReconcileQueue;
let queues: ReconcileQueue[];
let drivers: ReconcileDriver[];
let names: string[];
let runs: string[];
/** What a run does; tests replace it. */
let behave: (name: string) => Promise<ReconcileOutcome>;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  queues = [];
  queue = await openQueue();
  drivers = [];
  names = [];
  runs = [];
  behave = async () => settled;
  await database.db.deleteFrom('reconcile_results').execute();
});
afterEach(async () => {
  await Promise.all(drivers.map((driver) => driver.close()));
  await Promise.all(queues.map((open) => open.close()));
});

async function openQueue(): Promise<ReconcileQueue> {
  const open = await openReconcileQueue(database.address, { works: true, onError: () => undefined });
  queues.push(open);
  return open;
}

function start(label = '', ownQueue = queue): void {
  const driver = startDriver({
    queue: ownQueue,
    leadership: createLeadership(database.address, () => undefined),
    results: createReconcileResults(database.db),
    log: pino({ level: 'silent' }),
    reconcilers: [
      {
        kind: 'thing',
        listNames: async () => names,
        async reconcile(name) {
          runs.push(label + name);
          return behave(name);
        },
      },
    ],
  });
  drivers.push(driver);
}

const request = (name: string) => queue.request({ kind: 'thing', name });
const untilRuns = (count: number) =>
  expect.poll(() => runs.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(count);
const readResult = (name: string) =>
  database.db.selectFrom('reconcile_results').selectAll().where('name', '=', name).executeTakeFirst();

describe('the driver', () => {
  test('looks at everything there is when it begins', async () => {
    names = ['a', 'b'];
    start();
    await untilRuns(2);
    expect(runs.toSorted()).toEqual(['a', 'b']);
  });

  test('runs what is asked for, and keeps what came of it', async () => {
    behave = async () => ({
      ...settled,
      outcome: 'progressing',
      details: ['did this'],
      reason: 'waiting',
      generation: 4,
    });
    start();
    await request('a');
    await untilRuns(1);
    await expect
      .poll(() => readResult('a'))
      .toMatchObject({
        outcome: 'progressing',
        details: ['did this'],
        reason: 'waiting',
        generation: 4,
      });
  });

  test('never runs one name twice at a time; requests during a run become one more', async () => {
    const gate = Promise.withResolvers<void>();
    let atOnce = 0;
    let atOnceMax = 0;
    behave = async () => {
      atOnce += 1;
      atOnceMax = Math.max(atOnceMax, atOnce);
      await gate.promise;
      atOnce -= 1;
      return settled;
    };
    start();
    await request('a');
    await untilRuns(1);
    await Promise.all(Array.from({ length: 5 }, () => request('a')));
    await request('b');
    await untilRuns(2);
    gate.resolve();
    await untilRuns(3);
    expect(atOnceMax).toBe(2);
    expect(runs.filter((name) => name === 'a')).toHaveLength(2);
  });

  test('repeats a run that failed, and counts', async () => {
    let failures = 0;
    behave = async () => {
      failures += 1;
      if (failures < 3) throw new Error(`failure ${failures}`);
      return settled;
    };
    start();
    await request('a');
    await expect
      .poll(() => readResult('a'), { timeout: 15_000 })
      .toMatchObject({ outcome: 'failed', reason: 'failure 1' });
    await expect
      .poll(() => readResult('a'), { timeout: 15_000 })
      .toMatchObject({ outcome: 'settled', failure_count: 0 });
    expect(runs).toHaveLength(3);
  });

  test('takes a new request at once, although a repetition is waiting', async () => {
    behave = async () => ({ ...settled, lookAgainMs: 3_600_000 });
    start();
    await request('a');
    await untilRuns(1);
    await request('a');
    await untilRuns(2);
  });

  test('takes up what a process that died during a run left', async () => {
    const script = `
      const { openReconcileQueue } = await import(${JSON.stringify(new URL('../store/reconcile-queue.ts', import.meta.url).href)});
      const address = JSON.parse(process.argv[1]);
      const queue = await openReconcileQueue(address, { works: true, onError: console.error });
      await queue.work(() => { console.log('entered'); return new Promise(() => {}); });
      await queue.request({ kind: 'thing', name: 'a' });`;
    const words = ['--input-type=module', '-e', script, JSON.stringify(database.address)];
    const dying = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(dying.stdout, 'data');
    dying.kill('SIGKILL');
    await once(dying, 'exit');
    start();
    await untilRuns(1);
    expect(runs).toEqual(['a']);
  });
});

describe('of two drivers on one database', () => {
  test('one leads; when it stops the other goes on', async () => {
    start('first ');
    await request('a');
    await untilRuns(1);
    start('second ', await openQueue());
    for (const name of ['b', 'c']) await request(name);
    await untilRuns(3);
    expect(runs.every((run) => run.startsWith('first'))).toBe(true);
    names = ['d'];
    await drivers[0]?.close();
    await expect.poll(() => runs.at(-1), { timeout: 15_000 }).toBe('second d');
  });
});

test('a request inside a transaction counts only if that commits', async () => {
  start();
  const undone = database.db.transaction().execute(async (transaction) => {
    await queue.request({ kind: 'thing', name: 'undone' }, transaction);
    throw new Error('rolled back');
  });
  await expect(undone).rejects.toThrow('rolled back');
  await database.db
    .transaction()
    .execute((transaction) => queue.request({ kind: 'thing', name: 'done' }, transaction));
  await untilRuns(1);
  expect(runs).toEqual(['done']);
});

test('the delay of repeated failures grows to a bound', () => {
  expect([1, 2, 3, 50].map(deriveBackOffMs)).toEqual([500, 1_000, 2_000, 60_000]);
});
