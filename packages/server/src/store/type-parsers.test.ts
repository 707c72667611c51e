import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test('int8 and count are numbers, numeric is text, timestamptz is a date', async () => {
  const { rows } = await sql`select 42::int8 as big, count(*) as counted, 1.10::numeric as exact,
    '2026-01-02T03:04:05.678Z'::timestamptz as at from generate_series(1, 3)`.execute(database.db);
  expect(rows).toEqual([{ big: 42, counted: 3, exact: '1.10', at: new Date('2026-01-02T03:04:05.678Z') }]);
});

test('an int8 that a number cannot hold is an error, not another value', async () => {
  const query = sql`select 9007199254740993::int8 as big`.execute(database.db);
  await expect(query).rejects.toThrow(/does not fit/);
});
