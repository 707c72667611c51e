import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { connectionSettings, type DatabaseAddress } from './database.ts';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** The database and this program do not fit each other. The message says which and what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export const migrationsFolder = join(import.meta.dirname, 'migrations');

/** Any constant will do; all servers of one database must agree on it. Held while migrating. */
const migrationLock = 7_277_001;

/**
 * Brings the database up to date: applies the numbered files that it has not seen, each in a transaction of
 * its own, under an advisory lock so that several servers may start at once. Applied files must not change.
 * Returns the names of those applied now.
 */
export async function migrate(address: DatabaseAddress, folder = migrationsFolder): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const client = new pg.Client(connectionSettings(address));
  // A connection that breaks also rejects the query that runs on it; that rejection is the one we report.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query(
      `create table if not exists schema_migrations (
         number integer primary key, name text not null, checksum text not null,
         apply_time timestamptz not null default now())`,
    );
    const applied = await client.query<Migration>('select number, name, checksum from schema_migrations');
    const pending = planMigrations(migrations, applied.rows);
    for (const migration of pending) await applyMigration(client, migration);
    return pending.map((migration) => migration.name);
  } finally {
    // Ending the session releases the lock.
    await client.end();
  }
}

/** Decides what to apply. Throws when an applied file changed or the database knows files that we do not. */
export function planMigrations(
  ours: readonly Migration[],
  applied: readonly Pick<Migration, 'number' | 'name' | 'checksum'>[],
): Migration[] {
  const byNumber = new Map(ours.map((migration) => [migration.number, migration]));
  for (const { number, name, checksum } of applied) {
    const migration = byNumber.get(number);
    if (!migration) {
      throw new MigrationError(
        `The database has migration ${name}, which this version of sparkler does not know. ` +
          'It was used by a newer version: run that one, or restore a backup made before it.',
      );
    }
    if (migration.checksum !== checksum) {
      throw new MigrationError(
        `Migration ${name} was changed after it was applied to this database. Restore the file as it was; ` +
          'changes to tables go into a new migration.',
      );
    }
  }
  const seen = new Set(applied.map((migration) => migration.number));
  return ours.filter((migration) => !seen.has(migration.number));
}

async function applyMigration(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('begin');
    await client.query(migration.sql);
    await client.query('insert into schema_migrations (number, name, checksum) values ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.checksum,
    ]);
    await client.query('commit');
  } catch (error) {
    throw new MigrationError(
      `Migration ${migration.name} failed; nothing of it was kept: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Reads NNNN-name.sql files in the order of their numbers. Numbers may have gaps, so that work in progress
 * side by side need not agree on the next one, but each is used once.
 */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  const migrations = await Promise.all(files.map((file) => readMigration(folder, file)));
  for (const [index, migration] of migrations.entries()) {
    const previous = migrations[index - 1];
    if (previous?.number !== migration.number) continue;
    throw new MigrationError(
      `${previous.name} and ${migration.name} have the same number; give one another.`,
    );
  }
  return migrations;
}

async function readMigration(folder: string, file: string): Promise<Migration> {
  const number = Number(/^(\d{4})-[a-z0-9-]+\.sql$/.exec(file)?.[1]);
  if (!number) throw new MigrationError(`${join(folder, file)} should be called NNNN-name.sql, from 0001.`);
  const sql = await readFile(join(folder, file), 'utf8');
  const checksum = createHash('sha256').update(sql).digest('hex');
  return { number, name: file.replace(/\.sql$/, ''), sql, checksum };
}
