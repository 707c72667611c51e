import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultPriceBook } from '../ledger/price-book.ts';
import { removeJob } from '../store/fine-tuning-jobs.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing.ts';
import { readUsage } from '../store/usage-report.ts';
import { chargeTraining, reserveTraining } from './charge-training.ts';

let database: TestDatabase;
const nowMs = Date.UTC(2026, 10, 22);
const [job, model] = ['accounts/acme/supervisedFineTuningJobs/j1', 'accounts/fireworks/models/m'];
/** Nano-dollars a token of a model of up to 16 billion parameters. */
const price = 500;

beforeAll(async () => {
  database = await openTestDatabase();
  const { db } = database;
  await sql`insert into accounts (id) values ('acme'), ('fireworks')`.execute(db);
  await sql`
    insert into models (name, account, kind, state, base_model_details)
    values (${model}, 'fireworks', 'HF_BASE_MODEL', 'READY', '{"parameterCount": "8000000000"}')`.execute(db);
});
afterAll(() => database.close());

const reserve = (name: string, tokensMax: number) =>
  database.db
    .transaction()
    .execute((transaction) =>
      reserveTraining(
        transaction,
        defaultPriceBook,
        { uid: name, job: name, account: 'acme', baseModel: model, tokensMax },
        nowMs,
      ),
    );

async function readBudget() {
  const { rows } = await sql<{ settled: number; leased: number }>`
    select settled_nanos as settled, leased_nanos as leased from spend_periods`.execute(database.db);
  return rows[0];
}

async function train(tokens: number, isOver: boolean): Promise<void> {
  await sql`
    insert into fine_tuning_jobs (name, uid, account, spec, trained_tokens, completed_time)
    values (${job}, ${job}, 'acme', '{}', ${tokens}, case when ${isOver} then now() end)
    on conflict (name) do update set trained_tokens = excluded.trained_tokens, completed_time = excluded.completed_time`.execute(
    database.db,
  );
}

test('a job reserves all its tokens, pays for those it saw, and gives the rest back', async () => {
  expect(await reserve('too-large', 101_000_000)).toBe(false);
  expect(await reserve(job, 1_000_000)).toBe(true);
  expect(await readBudget()).toEqual({ settled: 0, leased: 1_000_000 * price });
  await train(300_000, false);
  await chargeTraining(database.db, nowMs);
  await chargeTraining(database.db, nowMs);
  expect(await readBudget()).toEqual({ settled: 300_000 * price, leased: 700_000 * price });
  await train(800_000, true);
  await chargeTraining(database.db, nowMs);
  await chargeTraining(database.db, nowMs);
  expect(await readBudget()).toEqual({ settled: 800_000 * price, leased: 0 });
  const [line] = await readUsage(database.db, 'acme', { groupBy: ['kind', 'model', 'deployment'] });
  expect(line).toMatchObject({
    kind: 'training',
    model,
    deployment: job,
    trainingTokens: 800_000,
    costNanos: BigInt(800_000 * price),
  });
});

test('a job made anew under its name pays for itself, and what the first had trained is not forgotten', async () => {
  const { db } = database;
  const before = (await readBudget())!.settled;
  expect(await reserve('again-1', 1_000)).toBe(true);
  await sql`
    insert into fine_tuning_jobs (name, uid, account, spec, trained_tokens)
    values ('again', 'again-1', 'acme', '{}', 700)`.execute(db);
  await removeJob(db, 'again');
  expect(await reserve('again-2', 1_000)).toBe(true);
  await sql`
    insert into fine_tuning_jobs (name, uid, account, spec, trained_tokens)
    values ('again', 'again-2', 'acme', '{}', 700)`.execute(db);
  await chargeTraining(db, nowMs);
  await chargeTraining(db, nowMs);
  expect(await readBudget()).toEqual({ settled: before + 1_400 * price, leased: 300 * price });
  const { rows } = await sql<{ uid: string }>`
    select uid from training_meters where uid like 'again-%'`.execute(db);
  expect(rows).toEqual([{ uid: 'again-2' }]);
});

test('a suspended account can not begin to train', async () => {
  await sql`update accounts set suspend_state = 'FAILED_PAYMENTS' where id = 'acme'`.execute(database.db);
  await expect(reserve('j2', 1)).rejects.toThrow('pay the open invoices');
});
