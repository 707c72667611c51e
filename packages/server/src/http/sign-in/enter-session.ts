import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SignInParts } from './mount-sign-in.ts';
import { recordSignIn } from './record-sign-in.ts';
import { writeSessionCookie } from './session-cookie.ts';

/** Signs a user in who has shown who they are, by whatever provider. False when they are gone. */
export async function enterSession(
  parts: Pick<SignInParts, 'sessions' | 'audit'>,
  request: FastifyRequest,
  reply: FastifyReply,
  { user, provider, origin }: { readonly user: string; readonly provider: string; readonly origin: string },
): Promise<boolean> {
  const session = await parts.sessions.begin({
    user,
    provider,
    fromAddress: request.ip,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 256),
  });
  if (session === null) return false;
  await recordSignIn(parts, request, { method: 'signIn', user, session: session.name, provider });
  reply.header('set-cookie', writeSessionCookie(session.token, origin, session.expireTime));
  return true;
}
