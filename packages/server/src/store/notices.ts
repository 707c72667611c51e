import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionSettings, type DatabaseAddress } from './database.ts';

/** Channels that triggers of the migrations write to. */
export type NoticeChannel = 'sparkler_keys' | 'sparkler_routing';

export interface NoticeListener {
  close(): Promise<void>;
}

const reconnectDelayMs = { first: 100, max: 5_000 };
/** A connection through a network can die without a word; asking shows it. */
const heartbeatMs = 15_000;

/**
 * Holds one connection that listens. A handler runs for every notice on its channel, and once after each
 * (re)connect, since notices sent while we were away are lost.
 */
export function listenForNotices(
  address: DatabaseAddress,
  handlers: Readonly<Record<NoticeChannel, () => void>>,
  onError: (error: Error) => void,
): NoticeListener {
  const closing = new AbortController();
  const done = keepListening(address, handlers, onError, closing.signal);
  return {
    async close() {
      closing.abort();
      await done;
    },
  };
}

async function keepListening(
  address: DatabaseAddress,
  handlers: Readonly<Record<NoticeChannel, () => void>>,
  onError: (error: Error) => void,
  closing: AbortSignal,
): Promise<void> {
  let delayMs = reconnectDelayMs.first;
  while (!closing.aborted) {
    try {
      await listenOnce(address, handlers, closing, () => {
        delayMs = reconnectDelayMs.first;
      });
    } catch (error) {
      if (closing.aborted) return;
      onError(error as Error);
      await sleep(delayMs, undefined, { signal: closing, ref: false }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, reconnectDelayMs.max);
    }
  }
}

/** Listens until closed; throws when the connection is lost. */
async function listenOnce(
  address: DatabaseAddress,
  handlers: Readonly<Record<NoticeChannel, () => void>>,
  closing: AbortSignal,
  onConnected: () => void,
): Promise<void> {
  const client = new pg.Client({
    ...connectionSettings(address),
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  const lost = new Promise<never>((_, reject) => {
    client.once('error', reject);
    client.once('end', () => reject(new Error('the connection for notices ended')));
  });
  // Awaited only below; until then a loss must not count as unhandled.
  lost.catch(() => undefined);
  const closed = new Promise<void>((resolve) => {
    if (closing.aborted) resolve();
    closing.addEventListener('abort', () => resolve(), { once: true });
  });
  client.on('notification', ({ channel }) => handlers[channel as NoticeChannel]?.());
  const heartbeat = setInterval(() => {
    client.query('select 1').catch(() => client.connection.stream.destroy());
  }, heartbeatMs).unref();
  try {
    await client.connect();
    for (const channel of Object.keys(handlers)) await client.query(`listen ${channel}`);
    for (const handler of Object.values(handlers)) handler();
    onConnected();
    await Promise.race([lost, closed]);
  } finally {
    clearInterval(heartbeat);
    client.removeAllListeners('end');
    client.on('error', () => undefined);
    await client.end().catch(() => undefined);
  }
}
