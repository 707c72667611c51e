import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { connectionSettings, type DatabaseAddress } from './database.ts';

/** Channels that triggers of the migrations write to. */
export type NoticeChannel = 'sparkler_keys' | 'sparkler_routing';

export interface NoticeListener {
  close(): Promise<void>;
}

export interface NoticeHandlers {
  readonly channels: readonly string[];
  readonly onNotice: (channel: string, payload: string) => void;
  /** Runs after each (re)connect: notices sent while we were away are lost. */
  readonly onConnected: () => void;
  readonly onError: (error: Error) => void;
}

const reconnectDelayMs = { first: 100, max: 5_000 };
/** A connection through a network can die without a word; asking shows it. */
const heartbeatMs = 15_000;

/**
 * Listens to what the migrations' triggers tell. A handler runs for every notice on its channel, and once
 * after each (re)connect.
 */
export function listenForNotices(
  address: DatabaseAddress,
  handlers: Readonly<Partial<Record<NoticeChannel, () => void>>>,
  onError: (error: Error) => void,
): NoticeListener {
  return keepListening(address, {
    channels: Object.keys(handlers),
    onNotice: (channel) => handlers[channel as NoticeChannel]?.(),
    onConnected() {
      for (const handler of Object.values(handlers)) handler();
    },
    onError,
  });
}

/** Holds one connection that listens, made again whenever it is lost. */
export function keepListening(address: DatabaseAddress, handlers: NoticeHandlers): NoticeListener {
  const closing = new AbortController();
  const done = listenUntil(address, handlers, closing.signal);
  return {
    async close() {
      closing.abort();
      await done;
    },
  };
}

async function listenUntil(
  address: DatabaseAddress,
  handlers: NoticeHandlers,
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
      handlers.onError(error as Error);
      await sleep(delayMs, undefined, { signal: closing, ref: false }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, reconnectDelayMs.max);
    }
  }
}

/** Listens until closed; throws when the connection is lost. */
async function listenOnce(
  address: DatabaseAddress,
  { channels, onNotice, onConnected }: NoticeHandlers,
  closing: AbortSignal,
  resetDelay: () => void,
): Promise<void> {
  const client = new pg.Client({
    ...connectionSettings(address),
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  const lost = new Promise<never>((_, reject) => {
    // Not once: a lost connection can report more than one error, and each needs a listener.
    client.on('error', reject);
    client.once('end', () => reject(new Error('the connection for notices ended')));
  });
  // Awaited only below; until then a loss must not count as unhandled.
  lost.catch(() => undefined);
  const closed = new Promise<void>((resolve) => {
    if (closing.aborted) resolve();
    closing.addEventListener('abort', () => resolve(), { once: true });
  });
  client.on('notification', ({ channel, payload }) => onNotice(channel, payload ?? ''));
  const heartbeat = setInterval(() => {
    client.query('select 1').catch(() => client.connection.stream.destroy());
  }, heartbeatMs).unref();
  try {
    await client.connect();
    for (const channel of channels) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    resetDelay();
    onConnected();
    await Promise.race([lost, closed]);
  } finally {
    clearInterval(heartbeat);
    client.removeAllListeners('end');
    await client.end().catch(() => undefined);
  }
}
