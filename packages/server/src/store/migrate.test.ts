import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MigrationError, migrate, migrationsFolder, planMigrations, readMigrations } from './migrate.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await openTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'sparkler-migrations-'));
  await cp(migrationsFolder, folder, { recursive: true });
});

afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

describe('planning', () => {
  const first = { number: 1, name: '0001-a', sql: 'select 1', checksum: 'x' };
  const second = { number: 2, name: '0002-b', sql: 'select 2', checksum: 'y' };

  test('what the database has not seen is pending, in order', () => {
    expect(planMigrations([first, second], [])).toEqual([first, second]);
    expect(planMigrations([first, second], [first])).toEqual([second]);
  });

  test('a changed file is refused by name', () => {
    expect(() => planMigrations([first], [{ ...first, checksum: 'z' }])).toThrow(/0001-a was changed/);
  });

  test('a database that knows more than this program is refused', () => {
    expect(() => planMigrations([first], [first, second])).toThrow(
      /0002-b, which this version .* does not know/,
    );
  });
});

test('an up-to-date database is left as it is', async () => {
  expect(await migrate(database.address)).toEqual([]);
});

test('several servers that start at once apply each migration once', async () => {
  const next = (await readMigrations(folder)).at(-1)!.number + 1;
  const file = `${String(next).padStart(4, '0')}-counter.sql`;
  await writeFile(join(folder, file), 'create table counter (n integer); insert into counter values (1);');
  const applied = await Promise.all([1, 2, 3].map(() => migrate(database.address, folder)));
  expect(applied.flat()).toEqual([file.replace('.sql', '')]);
  const rows = await sql<{ n: number }>`select n from counter`.execute(database.db);
  expect(rows.rows).toEqual([{ n: 1 }]);
});

test('a migration that fails leaves nothing behind, and can be applied once repaired', async () => {
  const next = (await readMigrations(folder)).at(-1)!.number + 1;
  const file = join(folder, `${String(next).padStart(4, '0')}-broken.sql`);
  await writeFile(file, 'create table half (n integer); select nonsense;');
  await expect(migrate(database.address, folder)).rejects.toThrow(MigrationError);
  const exists = await sql<{ there: boolean }>`select to_regclass('half') is not null as there`.execute(
    database.db,
  );
  expect(exists.rows[0]?.there).toBe(false);
  await writeFile(file, 'create table half (n integer);');
  expect(await migrate(database.address, folder)).toHaveLength(1);
});

test('numbers may have gaps, but each is used once', async () => {
  await writeFile(join(folder, '0999-late.sql'), 'select 1');
  expect((await readMigrations(folder)).at(-1)).toMatchObject({ number: 999, name: '0999-late' });
  await writeFile(join(folder, '0999-other.sql'), 'select 1');
  await expect(readMigrations(folder)).rejects.toThrow(/0999-late and 0999-other have the same number/);
});

test('a file with another kind of name is refused rather than left out', async () => {
  await writeFile(join(folder, 'add-column.sql'), 'select 1');
  await expect(readMigrations(folder)).rejects.toThrow(/add-column.sql should be called NNNN-name.sql/);
});
