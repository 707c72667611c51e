import { InferenceError } from '@sparkler/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerContext } from '../context.ts';
import { refuseWrongKey } from '../refuse-wrong-key.ts';
import { checkOrigin } from './check-origin.ts';
import { findSessionPrincipal } from './find-session-principal.ts';
import { explainReach, findSignInOrigin } from './reach.ts';
import { recordSignIn } from './record-sign-in.ts';
import { clearSessionCookie, writeSessionCookie } from './session-cookie.ts';
import type { SessionDirectory, SignInLinks } from './sessions.ts';
import { renderOffer, renderSignedIn, renderSignedOut, signInPolicy } from './sign-in-page.ts';

/** What signing in takes. */
export interface SignInParts extends ServerContext {
  readonly sessions: SessionDirectory;
  readonly signInLinks: SignInLinks;
}

const formBytesMax = 4_096;
const usedLink = 'This link was used, or is older than ten minutes';

/** /sign-in and /sign-out, for people with a browser: a one-time link becomes a session in a cookie. */
export function mountSignIn(app: FastifyInstance, parts: SignInParts): void {
  app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: formBytesMax },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    scope.get('/sign-in', (request, reply) => showSignIn(parts, request, reply));
    scope.post('/sign-in', (request, reply) => signIn(parts, request, reply));
    scope.post('/sign-out', (request, reply) => signOut(parts, request, reply));
  });
}

async function showSignIn(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  requireOrigin(parts, request);
  const token = readText(request.query, 'token');
  if (token !== '') {
    const user = await parts.signInLinks.look(token);
    if (user !== null) return sendPage(reply, 200, renderOffer(user, token));
    await refuseWrongKey(parts, request, usedLink);
  }
  // A session that is over is no failure here: the page says how to begin another one.
  const principal = await findSessionPrincipal(parts, request, reply).catch((error: unknown) => {
    if (error instanceof InferenceError) return null;
    throw error;
  });
  if (principal !== null) return sendPage(reply, 200, renderSignedIn(principal.user));
  return sendPage(reply, 401, renderSignedOut(token === '' ? 'Open a sign-in link here' : usedLink));
}

async function signIn(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const origin = requireOrigin(parts, request);
  checkOrigin(request.headers, origin);
  const user = await parts.signInLinks.take(readText(request.body, 'token'));
  const session =
    user === null
      ? null
      : await parts.sessions.begin({
          user,
          provider: 'link',
          fromAddress: request.ip,
          userAgent: (request.headers['user-agent'] ?? '').slice(0, 256),
        });
  if (user === null || session === null) {
    const { status } = await refuseWrongKey(parts, request, usedLink);
    return sendPage(reply, status, renderSignedOut(usedLink));
  }
  await recordSignIn(parts, request, { method: 'signIn', user, session: session.name });
  reply.header('set-cookie', writeSessionCookie(session.token, origin, session.expireTime));
  return seeOther(reply);
}

async function signOut(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const origin = requireOrigin(parts, request);
  checkOrigin(request.headers, origin);
  const principal = await findSessionPrincipal(parts, request, reply);
  if (principal?.session !== undefined) {
    await parts.sessions.end(principal.session);
    const { user, session } = principal;
    await recordSignIn(parts, request, { method: 'signOut', user, session });
  }
  reply.removeHeader('set-cookie').header('set-cookie', clearSessionCookie(origin));
  return seeOther(reply);
}

function requireOrigin({ settings }: SignInParts, request: FastifyRequest): string {
  const origin = findSignInOrigin(request, settings);
  if (origin === null) throw new InferenceError(403, explainReach(settings));
  return origin;
}

/** One text of a form or a query; anything else is as if it were not there. */
function readText(values: unknown, name: string): string {
  const value = (values as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'string' ? value.slice(0, 200) : '';
}

function sendPage(reply: FastifyReply, status: number, page: string): string {
  reply.status(status).headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': signInPolicy,
    'cache-control': 'no-store',
    // The address holds the token. Not `no-referrer`: forms would then be sent with the origin null.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
  return page;
}

function seeOther(reply: FastifyReply): string {
  reply.status(303).headers({ location: '/sign-in', 'cache-control': 'no-store' });
  return '';
}
