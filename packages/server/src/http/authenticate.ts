import { InferenceError } from '@sparkler/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerContext } from './context.ts';
import { findDirectPrincipal } from './direct-routes.ts';
import type { Principal } from './principal.ts';
import { refuseWrongKey } from './refuse-wrong-key.ts';
import { findSessionPrincipal } from './sign-in/find-session-principal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on routes that run `requirePrincipal` first. */
    principal: Principal | null;
    /** The body as received, for handlers that send it on. */
    rawBody: Buffer | null;
  }
}

type Hook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/**
 * A hook that lets only valid API keys and sessions through and puts who they belong to into
 * `request.principal`. A key wins over a cookie: who sends one means it.
 */
export function requirePrincipal(context: ServerContext): Hook {
  return async (request, reply) => {
    const key = readKey(request.headers);
    if (key === null) {
      request.principal = await findSessionPrincipal(context, request, reply);
      if (request.principal === null) throw missingKey();
      return;
    }
    const principal =
      request.directHost === null
        ? context.keys.find(key)
        : findDirectPrincipal(request.directHost, key, context);
    if (principal === null) throw await refuseWrongKey(context, request, wrongKeyMessage);
    request.principal = principal;
  };
}

const wrongKeyMessage = 'the API key you provided is invalid, expired or deleted; create one and send that';

/** The principal of a request whose route runs `requirePrincipal`. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Error(`the route ${request.routeOptions.url} lacks requirePrincipal`);
  return request.principal;
}

/** The documented 401. */
function missingKey(): InferenceError {
  return new InferenceError(
    401,
    'no API key was sent; send it as "Authorization: Bearer <key>" or "x-api-key: <key>"',
  );
}

/** The key in `Authorization: Bearer K` or `x-api-key: K`; null when there is none. */
function readKey(headers: FastifyRequest['headers']): string | null {
  const authorization = headers.authorization;
  if (authorization !== undefined) {
    const match = /^Bearer +(\S+) *$/i.exec(authorization);
    return match === null ? null : match[1]!;
  }
  const bare = headers['x-api-key'];
  return typeof bare === 'string' && bare !== '' ? bare : null;
}
