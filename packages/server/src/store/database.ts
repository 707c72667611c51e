import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { Schema } from './schema.ts';
import { typeParsers } from './type-parsers.ts';

export type Database = Kysely<Schema>;
/** What a query needs: the database itself or a transaction on it. */
export type DatabaseOrTransaction = Database | Transaction<Schema>;

/** How to reach Postgres: a URL of a server, or the socket folder of the embedded one. */
export type DatabaseAddress =
  | { readonly url: string }
  | { readonly socketFolder: string; readonly user: string; readonly database: string };

/** Runs in the transaction that is open, or in one of its own. */
export function withinTransaction<T>(
  db: DatabaseOrTransaction,
  run: (transaction: Database) => Promise<T>,
): Promise<T> {
  return db.isTransaction ? run(db) : db.transaction().execute(run);
}

/**
 * Connections a process keeps for queries. Postgres allows 100 in all by default; several processes share
 * them.
 */
const poolConnectionsMax = 10;

export interface OpenDatabase {
  readonly db: Database;
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** Opens a pool; connects lazily. `onError` hears of idle connections that broke (they are replaced). */
export function openDatabase(address: DatabaseAddress, onError: (error: Error) => void): OpenDatabase {
  const { pool, end } = openPool(address, poolConnectionsMax, onError);
  return { db: new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) }), pool, close: end };
}

/** A pool that survives the loss of any of its connections at any moment. */
export function openPool(
  address: DatabaseAddress,
  connectionsMax: number,
  onError: (error: Error) => void,
): { readonly pool: pg.Pool; end(): Promise<void> } {
  const pool = new pg.Pool({
    ...connectionSettings(address),
    types: typeParsers,
    max: connectionsMax,
    // Bounds how long a request waits when Postgres is gone; then it's a 503 rather than a hang.
    connectionTimeoutMillis: 5_000,
    allowExitOnIdle: true,
  });
  let ending: Promise<void> | null = null;
  pool.on('error', (error) => {
    // Once they are told to end, how they end is no news: Postgres may be stopping already.
    // Only the message: the driver hangs the whole connection on the error.
    if (!ending) onError(new Error(error.message));
  });
  // An error without a listener ends the process. The pool listens to idle connections only; one in use has
  // the query it runs, nothing between two queries, and a lost connection may report several errors.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return {
    pool,
    end() {
      ending ??= pool.end();
      return ending;
    },
  };
}

/** Settings for one connection with the driver, without the pool. */
export function connectionSettings(address: DatabaseAddress): pg.ClientConfig {
  if ('url' in address) return { connectionString: address.url, application_name: 'sparkler' };
  const { socketFolder, user, database } = address;
  // All of it said, ssl too: what is not comes from PG… variables, which are about some other database.
  return { host: socketFolder, port: 5432, user, database, ssl: false, application_name: 'sparkler' };
}
