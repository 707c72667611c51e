import { join } from 'node:path';
import type { Logger } from 'pino';
import { makeSocketFolder, removeSocketFolder } from '../launch/socket-folder.ts';
import type { Settings } from '../settings.ts';
import { type DatabaseAddress, type OpenDatabase, openDatabase } from '../store/database.ts';
import { startEmbeddedPostgres } from '../store/embedded-postgres/server.ts';
import { migrate } from '../store/migrate.ts';
import type { DataFolder } from './data-folder.ts';
import type { StartListener } from './progress.ts';
import type { StopList } from './stop-list.ts';

export interface OpenStore {
  readonly dataFolder: DataFolder;
  /** Private, short, ours: for Unix sockets. */
  readonly socketFolder: string;
  readonly address: DatabaseAddress;
  readonly database: OpenDatabase;
}

/** Brings up the database in the data folder (or connects to the configured one), up to date. */
export async function openStore(
  settings: Settings,
  dataFolder: DataFolder,
  tell: StartListener,
  log: Logger,
  stops: StopList,
): Promise<OpenStore> {
  const socketFolder = await makeSocketFolder(settings.dataFolder);
  stops.add('socket folder', () => removeSocketFolder(socketFolder, settings.dataFolder));
  const address = await startDatabase(settings, socketFolder, tell, log, stops);
  tell({ kind: 'step', step: 'migrations', text: 'Bringing the database up to date' });
  const applied = await migrate(address).catch((error) => {
    throw explainDatabaseError(settings, error as Error);
  });
  if (applied.length > 0) log.info({ migrations: applied }, 'migrated the database');
  const database = openDatabase(address, (error) => log.debug({ err: error }, 'a database connection broke'));
  stops.add('database connections', () => database.close());
  return { dataFolder, socketFolder, address, database };
}

async function startDatabase(
  settings: Settings,
  socketFolder: string,
  tell: StartListener,
  log: Logger,
  stops: StopList,
): Promise<DatabaseAddress> {
  if (settings.databaseUrl !== '') return { url: settings.databaseUrl };
  tell({ kind: 'step', step: 'postgres', text: 'Starting Postgres' });
  const postgres = await startEmbeddedPostgres({
    folder: join(settings.dataFolder, 'postgres'),
    socketFolder,
    logPath: join(settings.dataFolder, 'logs', 'postgres.log'),
    onEvent({ level, text }) {
      log[level](text);
      tell({ kind: 'notice', level, text });
    },
  });
  stops.add('Postgres', () => postgres.stop());
  return postgres.address;
}

/**
 * A server that can't be reached is a setting to look at; the URL itself may hold a password and stays out.
 */
function explainDatabaseError(settings: Settings, error: Error): Error {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const isConnection = [
    'ECONNREFUSED',
    'ENOTFOUND',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    '28P01',
    '28000',
    '3D000',
  ].includes(code);
  if (settings.databaseUrl === '' || !isConnection) return error;
  return new Error(`The database of DATABASE_URL cannot be used (${code}): ${error.message}`, {
    cause: error,
  });
}
