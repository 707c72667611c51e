import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DatabaseAddress, type OpenDatabase, openDatabase } from './database.ts';
import { startEmbeddedPostgres } from './embedded-postgres/server.ts';
import { migrate, readMigrations } from './migrate.ts';

/** A real, migrated, empty database for one test file. */
export interface TestDatabase extends OpenDatabase {
  readonly address: DatabaseAddress;
  /** Where its Postgres lies, for tests that hurt it. */
  readonly folder: string;
  /** Pid of its Postgres. */
  pid(): number | null;
}

const copy = promisify(execFile);

/**
 * Starts a Postgres of its own for a test file, in about 150 ms: the migrated cluster is made once for these
 * migrations and copied. A server a file rather than a shared one: files then run side by side, can stop it
 * or crash it, and leave nothing when their process dies (the kernel ends it).
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-test-'));
  await copyMigratedCluster(join(folder, 'postgres'));
  const postgres = await startPostgres(folder);
  const database = openDatabase(postgres.address, () => undefined);
  return {
    ...database,
    address: postgres.address,
    folder,
    pid: () => postgres.pid(),
    async close() {
      await database.close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Puts a migrated, stopped cluster where startEmbeddedPostgres of this folder finds it. */
export async function copyMigratedCluster(folder: string): Promise<void> {
  const template = await makeTemplate();
  await mkdir(folder, { mode: 0o700, recursive: true });
  // Owners are kept: as root, Postgres runs as somebody else.
  await copy('cp', ['-a', template, join(folder, 'data')]);
}

function startPostgres(folder: string) {
  return startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    socketFolder: folder,
    logPath: join(folder, 'postgres.log'),
    durable: false,
    onEvent: () => undefined,
  });
}

/**
 * The migrated cluster, named after its migrations. Two processes may make it at once; the first to finish
 * wins.
 */
async function makeTemplate(): Promise<string> {
  const migrations = await readMigrations(join(import.meta.dirname, 'migrations'));
  const digest = createHash('sha256').update(migrations.map((migration) => migration.checksum).join());
  const template = join(
    tmpdir(),
    `sparkler-test-template-${process.getuid?.() ?? 0}-${digest.digest('hex').slice(0, 16)}`,
  );
  if (existsSync(template)) return template;
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-test-'));
  const postgres = await startPostgres(folder);
  await migrate(postgres.address);
  await postgres.stop();
  await rename(join(folder, 'postgres', 'data'), template).catch((error: NodeJS.ErrnoException) => {
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code ?? '')) throw error;
  });
  await rm(folder, { recursive: true, force: true });
  return template;
}

/** An account with one model of its own, ready to be deployed. */
export async function addAccountWithModel({ db }: OpenDatabase): Promise<void> {
  const name = 'accounts/acme/models/m';
  await db.insertInto('accounts').values({ id: 'acme' }).execute();
  await db
    .insertInto('models')
    .values({ name, account: 'acme', kind: 'HF_BASE_MODEL', state: 'READY' })
    .execute();
}
