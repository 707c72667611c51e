import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertJobEvent, readJobMetrics } from '../../store/fine-tuning-events.ts';
import { openTestDatabase, type TestDatabase } from '../../store/testing.ts';
import { recoverMetrics } from './recover-metrics.ts';

let database: TestDatabase;
let folder: string;
const job = 'accounts/acme/supervisedFineTuningJobs/j';

beforeAll(async () => {
  database = await openTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'sparkler-recover-'));
  await sql`insert into accounts (id) values ('acme')`.execute(database.db);
  await sql`insert into fine_tuning_jobs (name, account, spec) values (${job}, 'acme', '{}')`.execute(
    database.db,
  );
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

test('numbers that a killed server did not store are taken from the file; those to be said again are dropped', async () => {
  const { db } = database;
  const numbers = (step: number) => ({ step, trainLoss: 10 - step });
  const metric = (step: number) => ({ type: 'metric' as const, ...numbers(step) });
  for (const step of [1, 2]) {
    await insertJobEvent(db, job, { type: 'metric', level: 'info', message: '', metrics: numbers(step) });
  }
  await insertJobEvent(db, job, { type: 'metric', level: 'info', message: '', metrics: numbers(9) });
  const lines = [1, 2, 3].map((step) => JSON.stringify(metric(step)));
  const evaluation = JSON.stringify({ type: 'eval', step: 3, evalLoss: 1.5, best: true });
  // Of a run before, which got to step 5 without a checkpoint; its last line is torn.
  const later = [4, 5].map((step) => JSON.stringify(metric(step)));
  await writeFile(
    join(folder, 'metrics.jsonl'),
    [...lines, evaluation, ...later, lines[2], '{"type":"met'].join('\n'),
  );
  await recoverMetrics(db, job, folder, 3);
  const read = async () => (await readJobMetrics(db, job)).map(({ type, metrics }) => [type, metrics?.step]);
  const whole = [
    ['metric', 1],
    ['metric', 2],
    ['metric', 3],
    ['eval', 3],
  ];
  expect(await read()).toEqual(whole);
  await recoverMetrics(db, job, folder, 3);
  expect(await read()).toEqual(whole);
  // A trainer that begins anew says everything again.
  await recoverMetrics(db, job, folder, -1);
  expect(await read()).toEqual([]);
});
