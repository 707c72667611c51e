import { InferenceError } from '@sparkler/api';
import type { FastifyRequest } from 'fastify';
import type { ServerContext } from './context.ts';
import { findDirectPrincipal } from './direct-routes.ts';
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
  return async (request) => {
    request.principal = authenticate(request.headers, context, request.directHost);
  };
}

/** The principal of a request whose route runs `requirePrincipal`. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Error(`the route ${request.routeOptions.url} lacks requirePrincipal`);
  return request.principal;
}

/** Finds the key in `Authorization: Bearer K` or `x-api-key: K`; throws the documented 401 otherwise. */
export function authenticate(
  headers: FastifyRequest['headers'],
  context: ServerContext,
  directHost: string | null = null,
): Principal {
  const key = readKey(headers);
  if (key === null) {
    throw new InferenceError(
      401,
      'no API key was sent; send it as "Authorization: Bearer <key>" or "x-api-key: <key>"',
    );
  }
  const principal =
    directHost === null ? context.keys.find(key) : findDirectPrincipal(directHost, key, context);
  if (principal === null) {
    throw new InferenceError(
      401,
      'the API key you provided is invalid, expired or deleted; create one and send that',
    );
  }
  return principal;
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
