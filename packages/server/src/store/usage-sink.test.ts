import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { UsageRecord } from '../inference/metering.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';
import { createUsageSink } from './usage-sink.ts';
import { openUsageSpool } from './usage-spool.ts';

let database: TestDatabase;
let folder: string;
let problems: string[];
const onProblem = (text: string) => problems.push(text);

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  problems = [];
  folder = await mkdtemp(join(tmpdir(), 'sparkler-usage-'));
  await database.db.deleteFrom('usage').execute();
  return () => rm(folder, { recursive: true });
});

function usage(requestId: string, change: Partial<UsageRecord> = {}): UsageRecord {
  return {
    requestId,
    account: 'acme',
    user: 'accounts/acme/users/ann',
    apiKeyId: 'k1',
    model: 'accounts/acme/models/m',
    deployment: 'accounts/acme/deployments/d',
    endpoint: 'chat',
    promptTokens: 10,
    cachedPromptTokens: 4,
    completionTokens: 3,
    status: 200,
    startTimeMs: 1_700_000_000_000,
    firstTokenMs: 12.6,
    durationMs: 99.4,
    ...change,
  };
}

const storedIds = async () =>
  (await database.db.selectFrom('usage').select('request_id').orderBy('request_id').execute()).map(
    (row) => row.request_id,
  );

test('what is recorded is stored, and its spool file goes', async () => {
  const sink = createUsageSink(database.db, { folder, onProblem });
  for (const id of ['a', 'b', 'c']) sink.record(usage(id));
  await sink.flush();
  expect(await storedIds()).toEqual(['a', 'b', 'c']);
  expect(await readdir(folder)).toEqual([]);
  const row = await database.db
    .selectFrom('usage')
    .selectAll()
    .where('request_id', '=', 'a')
    .executeTakeFirst();
  expect(row).toMatchObject({
    prompt_tokens: 10,
    cached_prompt_tokens: 4,
    first_token_ms: 13,
    duration_ms: 99,
  });
  await sink.close();
});

test('a server that died before storing leaves it to the next one', async () => {
  // What a killed process leaves is exactly its spool: nothing is closed, nothing flushed.
  openUsageSpool(folder).append(usage('left'));
  const sink = createUsageSink(database.db, { folder, onProblem });
  sink.record(usage('new'));
  await sink.flush();
  expect(await storedIds()).toEqual(['left', 'new']);
  await sink.close();
});

test('a server that died between storing and deleting the file stores nothing twice', async () => {
  const first = createUsageSink(database.db, { folder, onProblem });
  first.record(usage('once'));
  await first.close();
  openUsageSpool(folder).append(usage('once'));
  const second = createUsageSink(database.db, { folder, onProblem });
  await second.close();
  expect(await storedIds()).toEqual(['once']);
  expect(await readdir(folder)).toEqual([]);
});

test('a line that was cut short does not hold up the others', async () => {
  await writeFile(
    join(folder, 'usage-00000001.jsonl'),
    `${JSON.stringify(usage('whole'))}\n{"requestId":"cu`,
  );
  const sink = createUsageSink(database.db, { folder, onProblem });
  await sink.close();
  expect(await storedIds()).toEqual(['whole']);
  expect(problems).toEqual(['1 cut-off usage lines were skipped']);
});

test('a record that the table refuses is named and skipped', async () => {
  const sink = createUsageSink(database.db, { folder, onProblem });
  sink.record(usage('good'));
  sink.record(usage('bad', { promptTokens: 2 ** 40 }));
  sink.record(usage('fine'));
  await sink.close();
  expect(await storedIds()).toEqual(['fine', 'good']);
  expect(problems).toEqual(['the database refuses the usage of request bad']);
});

test('what is counted from usage is counted once, in the same transaction', async () => {
  let counted: string[] = [];
  let fails = true;
  const afterInsert = async (_transaction: unknown, stored: readonly UsageRecord[]) => {
    counted = [...counted, ...stored.map((record) => record.requestId)];
    if (!fails) return;
    fails = false;
    counted = [];
    throw new Error('the count failed');
  };
  const sink = createUsageSink(database.db, { folder, onProblem, afterInsert });
  sink.record(usage('a'));
  await expect(sink.flush()).rejects.toThrow('the count failed');
  expect(await storedIds()).toEqual([]);
  sink.record(usage('a'));
  sink.record(usage('b'));
  await sink.close();
  expect(counted).toEqual(['a', 'b']);
  expect(await storedIds()).toEqual(['a', 'b']);
});

test('many batches arrive whole', async () => {
  const sink = createUsageSink(database.db, { folder, onProblem });
  const ids = Array.from({ length: 2_500 }, (_, index) => `r${String(index).padStart(5, '0')}`);
  for (const id of ids) sink.record(usage(id));
  await sink.close();
  expect(await storedIds()).toEqual(ids);
});

test('while the database is away records wait, and are stored when it is back', async () => {
  const other = await openTestDatabase();
  const sink = createUsageSink(other.db, { folder, onProblem });
  const pid = other.pid();
  process.kill(pid!, 'SIGKILL');
  sink.record(usage('waits'));
  // The supervisor brings Postgres back by itself.
  await expect.poll(() => other.pid() !== null && other.pid() !== pid, { timeout: 20_000 }).toBe(true);
  sink.record(usage('more'));
  await expect
    .poll(
      () =>
        sink.flush().then(
          () => 'stored',
          () => 'not yet',
        ),
      { timeout: 20_000 },
    )
    .toBe('stored');
  const rows = await other.db.selectFrom('usage').select('request_id').orderBy('request_id').execute();
  expect(rows.map((row) => row.request_id)).toEqual(['more', 'waits']);
  await sink.close();
  await other.close();
});

test('a file with more records than are remembered is read back whole', () => {
  const spool = openUsageSpool(folder);
  for (let index = 0; index < 10_002; index++) spool.append(usage(`r${index}`));
  const file = spool.takeOldest()!;
  expect(file.records.map((record) => record.requestId)).toEqual(
    Array.from({ length: 10_002 }, (_, index) => `r${index}`),
  );
  file.done();
  expect(spool.takeOldest()).toBeNull();
  spool.close();
});
