import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceError } from '@sparkler/api';
import type { FastifyRequest } from 'fastify';
import type { ServerContext } from './context.ts';
import { findDirectPrincipal } from './direct-routes.ts';
import { FailedKeys, type Penalty } from './failed-keys.ts';
import type { Principal } from './principal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on routes that run `requirePrincipal` first. */
    principal: Principal | null;
    /** The body as received, for handlers that send it on. */
    rawBody: Buffer | null;
  }
}

/** A hook that lets only valid API keys through and puts who they belong to into `request.principal`. */
export function requirePrincipal(context: ServerContext): (request: FastifyRequest) => Promise<void> {
  const failed = failedKeysOf(context);
  return async (request) => {
    const key = requireKey(request.headers);
    const principal =
      request.directHost === null
        ? context.keys.find(key)
        : findDirectPrincipal(request.directHost, key, context);
    if (principal === null) throw await penalize(failed.add(request.ip));
    request.principal = principal;
  };
}

/** One count for all routes of a server. */
const counts = new WeakMap<ServerContext, FailedKeys>();

function failedKeysOf(context: ServerContext): FailedKeys {
  const known = counts.get(context) ?? new FailedKeys(context.now);
  counts.set(context, known);
  return known;
}

/** The answer to a wrong key, after the time that it is held back. */
async function penalize({ delayMs, isRefused }: Penalty): Promise<InferenceError> {
  if (delayMs > 0) await sleep(delayMs);
  if (isRefused) {
    const message = 'too many wrong API keys came from your address; check the key, and wait a minute';
    return new InferenceError(429, message, { retryAfterSeconds: 60 });
  }
  return new InferenceError(
    401,
    'the API key you provided is invalid, expired or deleted; create one and send that',
  );
}

/** The principal of a request whose route runs `requirePrincipal`. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Error(`the route ${request.routeOptions.url} lacks requirePrincipal`);
  return request.principal;
}

/** The key in `Authorization: Bearer K` or `x-api-key: K`; throws the documented 401 when there is none. */
function requireKey(headers: FastifyRequest['headers']): string {
  const key = readKey(headers);
  if (key !== null) return key;
  throw new InferenceError(
    401,
    'no API key was sent; send it as "Authorization: Bearer <key>" or "x-api-key: <key>"',
  );
}

function readKey(headers: FastifyRequest['headers']): string | null {
  const authorization = headers.authorization;
  if (authorization !== undefined) {
    const match = /^Bearer +(\S+) *$/i.exec(authorization);
    return match === null ? null : match[1]!;
  }
  const bare = headers['x-api-key'];
  return typeof bare === 'string' && bare !== '' ? bare : null;
}
