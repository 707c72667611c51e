import { InferenceError } from '@sparkler/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerContext } from '../context.ts';
import type { Principal } from '../principal.ts';
import { refuseWrongKey } from '../refuse-wrong-key.ts';
import { checkOrigin, isSafeMethod } from './check-origin.ts';
import { explainReach, findSignInOrigin } from './reach.ts';
import {
  clearSessionCookie,
  hasSessionCookie,
  readSessionCookie,
  writeSessionCookie,
} from './session-cookie.ts';

/**
 * Who a request comes from by its session's cookie; null when it has none. Throws InferenceError for a
 * session that is over (401) and for a write that another site's page sends (403).
 */
export async function findSessionPrincipal(
  context: ServerContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Principal | null> {
  const { sessions, settings } = context;
  const header = request.headers.cookie;
  // Deployments with a host name of their own know keys only.
  if (sessions === undefined || request.directHost !== null || !hasSessionCookie(header)) return null;
  const origin = findSignInOrigin(request, settings);
  if (origin === null) throw new InferenceError(403, explainReach(settings));
  const token = readSessionCookie(header, origin);
  if (token === null) return null;
  const found = await sessions.find(token);
  if (found === null) {
    reply.header('set-cookie', clearSessionCookie(origin));
    throw await refuseWrongKey(context, request, `your session is over; sign in again at ${origin}/sign-in`);
  }
  if (!isSafeMethod(request.method)) checkOrigin(request.headers, origin);
  reply.header('cache-control', 'no-store');
  if (found.nextToken !== null) {
    reply.header('set-cookie', writeSessionCookie(found.nextToken, origin, found.expireTime));
  }
  return found.principal;
}
