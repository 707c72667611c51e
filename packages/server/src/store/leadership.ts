import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionSettings, type DatabaseAddress } from './database.ts';

export interface LeadershipHandlers {
  readonly onGained: () => Promise<void>;
  readonly onLost: () => Promise<void>;
  /** Somebody else leads: told again and again. Left out: nothing is done about it. */
  readonly onFollowing?: () => Promise<void>;
}

/**
 * At most one process of a database leads: the one that holds an advisory lock on a connection of its own.
 */
export interface Leadership {
  /** Tries until it leads, tells, and begins again when the connection is lost. Returns how to give up. */
  follow(handlers: LeadershipHandlers): () => Promise<void>;
}

const leaderLock = 7_277_002;
const retryMs = 1_000;
const heartbeatMs = 5_000;

export function createLeadership(address: DatabaseAddress, onError: (error: Error) => void): Leadership {
  return {
    follow(handlers) {
      const giveUp = new AbortController();
      const done = followLock(address, handlers, onError, giveUp.signal);
      return async () => {
        giveUp.abort();
        await done;
      };
    },
  };
}

async function followLock(
  address: DatabaseAddress,
  handlers: LeadershipHandlers,
  onError: (error: Error) => void,
  givingUp: AbortSignal,
): Promise<void> {
  while (!givingUp.aborted) {
    try {
      await leadOnce(address, handlers, givingUp);
    } catch (error) {
      if (givingUp.aborted) return;
      onError(error as Error);
    }
    await sleep(retryMs, undefined, { signal: givingUp, ref: false }).catch(() => undefined);
  }
}

/** Leads until told to stop or the connection is lost. Returns at once when somebody else leads. */
async function leadOnce(
  address: DatabaseAddress,
  handlers: LeadershipHandlers,
  givingUp: AbortSignal,
): Promise<void> {
  const client = new pg.Client({
    ...connectionSettings(address),
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  const lost = new Promise<Error>((resolve) => {
    // Not once: a lost connection can report more than one error, and each needs a listener.
    client.on('error', resolve);
    client.once('end', () => resolve(new Error('the connection that holds the leadership ended')));
  });
  const stopped = new Promise<null>((resolve) => {
    givingUp.addEventListener('abort', () => resolve(null), { once: true });
    if (givingUp.aborted) resolve(null);
  });
  const heartbeat = setInterval(() => {
    client.query('select 1').catch(() => client.connection.stream.destroy());
  }, heartbeatMs).unref();
  try {
    await client.connect();
    const { rows } = await client.query<{ leads: boolean }>('select pg_try_advisory_lock($1) as leads', [
      leaderLock,
    ]);
    if (rows[0]?.leads !== true) {
      await handlers.onFollowing?.();
      return;
    }
    try {
      await handlers.onGained();
      const error = await Promise.race([lost, stopped]);
      if (error) throw error;
    } finally {
      await handlers.onLost();
    }
  } finally {
    clearInterval(heartbeat);
    await client.end().catch(() => undefined);
  }
}
