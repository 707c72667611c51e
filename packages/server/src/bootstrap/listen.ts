import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** The address can't be listened on. The message names it and what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Fails early, before a database is started for nothing. Listening itself may still fail the same way. */
export async function checkPortFree(host: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(explainListenError(error, host, port)));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

/** Starts listening; returns the base URL with the port that it got. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw explainListenError(error as NodeJS.ErrnoException, host, port);
  }
  const address = app.server.address();
  const actualPort = typeof address === 'object' && address ? address.port : port;
  return `http://${formatHost(host)}:${actualPort}`;
}

/** Takes no new requests, lets those in flight end, and cuts what is left when the time is up. */
export async function closeGently(app: FastifyInstance, timeoutMs: number): Promise<void> {
  const timeUp = new AbortController();
  const cut = sleep(timeoutMs, undefined, { signal: timeUp.signal, ref: false })
    .then(() => app.server.closeAllConnections())
    .catch(() => undefined);
  await app.close();
  timeUp.abort();
  await cut;
}

/** For a URL: wildcard addresses are reached through loopback, IPv6 goes into brackets. */
function formatHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError(
        `Port ${port} on ${host} is in use by another program. Stop that one, or set SPARKLER_PORT to another port ` +
          '(0 takes any free one).',
      );
    case 'EACCES':
      return new ListenError(
        `Port ${port} on ${host} needs more rights. Set SPARKLER_PORT to one above 1023.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError(`This machine has no address ${host}. Set SPARKLER_HOST to one that it has.`);
    default:
      return error;
  }
}
