import { InferenceError } from '@sparkler/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerContext } from '../context.ts';
import { refuseWrongKey } from '../refuse-wrong-key.ts';
import { checkOrigin } from './check-origin.ts';
import { enterSession } from './enter-session.ts';
import { findSessionPrincipal } from './find-session-principal.ts';
import type { IdentityProviders } from './identity-provider.ts';
import { mountIdentityProviders } from './mount-identity-providers.ts';
import { readText, seeOther, sendPage } from './page-reply.ts';
import { requireSignInOrigin } from './reach.ts';
import { recordSignIn } from './record-sign-in.ts';
import { clearSessionCookie } from './session-cookie.ts';
import type { SessionDirectory, SignInAttempts, SignInLinks } from './sessions.ts';
import { renderOffer, renderSignedIn, renderSignedOut } from './sign-in-page.ts';

/** What signing in takes. */
export interface SignInParts extends ServerContext {
  readonly sessions: SessionDirectory;
  readonly signInLinks: SignInLinks;
  readonly signInAttempts: SignInAttempts;
  readonly identityProviders: IdentityProviders;
}

const formBytesMax = 4_096;
const usedLink = 'This link was used, or is older than ten minutes';

/** /sign-in and /sign-out, for people with a browser: a one-time link becomes a session in a cookie. */
export function mountSignIn(app: FastifyInstance, parts: SignInParts): void {
  app.register(async (scope) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
    scope.get('/sign-in', (request, reply) => showSignIn(parts, request, reply));
    scope.post('/sign-in', { bodyLimit: formBytesMax }, (request, reply) => signIn(parts, request, reply));
    scope.post('/sign-out', { bodyLimit: formBytesMax }, (request, reply) => signOut(parts, request, reply));
    mountIdentityProviders(scope, parts);
  });
}

async function showSignIn(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  requireSignInOrigin(request, parts.settings);
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
  return sendPage(
    reply,
    401,
    renderSignedOut(token === '' ? 'Open a sign-in link here' : usedLink, [
      ...parts.identityProviders.values(),
    ]),
  );
}

async function signIn(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const origin = requireSignInOrigin(request, parts.settings);
  checkOrigin(request.headers, origin);
  const user = await parts.signInLinks.take(readText(request.body, 'token'));
  if (user === null || !(await enterSession(parts, request, reply, { user, provider: 'link', origin }))) {
    const { status } = await refuseWrongKey(parts, request, usedLink);
    return sendPage(reply, status, renderSignedOut(usedLink));
  }
  return seeOther(reply);
}

async function signOut(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const origin = requireSignInOrigin(request, parts.settings);
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
