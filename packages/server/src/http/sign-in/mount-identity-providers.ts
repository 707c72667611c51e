import { createHash } from 'node:crypto';
import { InferenceError } from '@sparkler/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuseWrongKey } from '../refuse-wrong-key.ts';
import { clearAttemptCookie, readAttemptCookie, writeAttemptCookie } from './attempt-cookie.ts';
import { checkOrigin } from './check-origin.ts';
import { enterSession } from './enter-session.ts';
import { type IdentityProvider, IdentityRefusedError, type SignInAttempt } from './identity-provider.ts';
import type { SignInParts } from './mount-sign-in.ts';
import { readText, seeOther, sendPage } from './page-reply.ts';
import { requireSignInOrigin } from './reach.ts';
import { renderChoice, renderSignedIn, renderSignedOut } from './sign-in-page.ts';

/** SAML answers hold certificates and signatures. */
const answerBytesMax = 256 * 1024;
const choiceBytesMax = 4_096;
const overAttempt = 'This sign-in was used, began in another browser, or is older than ten minutes';

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<string>;

/** /sign-in/PROVIDER: there, back (by a query or a form), and the choice between accounts. */
export function mountIdentityProviders(scope: FastifyInstance, parts: SignInParts): void {
  const finishWith =
    (answersBy: IdentityProvider['answersBy']): Handler =>
    (request, reply) =>
      finish(parts, request, reply, answersBy);
  scope.get('/sign-in/:provider', (request, reply) => begin(parts, request, reply));
  scope.get('/sign-in/:provider/callback', finishWith('query'));
  scope.post('/sign-in/:provider/callback', { bodyLimit: answerBytesMax }, finishWith('form'));
  scope.post('/sign-in/:provider/choose', { bodyLimit: choiceBytesMax }, (request, reply) =>
    choose(parts, request, reply),
  );
}

async function begin(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const origin = requireSignInOrigin(request, parts.settings);
  const provider = requireProvider(parts, request);
  if (provider.answersBy === 'form' && !origin.startsWith('https://')) {
    throw new InferenceError(
      403,
      `sign in by '${provider.id}' through the https:// address of SPARKLER_PUBLIC_URL: it answers by a form`,
    );
  }
  const { state, browser } = await parts.signInAttempts.begin(provider.id);
  const address = await provider.begin(describeAttempt(provider, origin, state, browser));
  reply.header('set-cookie', writeAttemptCookie(browser, origin, provider.answersBy));
  return seeOther(reply, address);
}

async function finish(
  parts: SignInParts,
  request: FastifyRequest,
  reply: FastifyReply,
  answersBy: IdentityProvider['answersBy'],
): Promise<string> {
  const origin = requireSignInOrigin(request, parts.settings);
  const provider = requireProvider(parts, request);
  const answer = readAnswer(answersBy === 'query' ? request.query : request.body);
  const state = readText(answer, 'state') || readText(answer, 'RelayState');
  const browser = readAttemptCookie(request.headers.cookie, origin);
  const isOwn = provider.answersBy === answersBy && browser !== null;
  if (!isOwn || !(await parts.signInAttempts.take({ state, browser, provider: provider.id }))) {
    return refuse(parts, request, reply);
  }
  const attempt = describeAttempt(provider, origin, state, browser);
  const identity = await provider.complete(answer, attempt).catch((error: unknown) => {
    if (error instanceof IdentityRefusedError) return error;
    throw error;
  });
  if (identity instanceof IdentityRefusedError) {
    return sendPage(
      reply,
      401,
      renderSignedOut(`${provider.title} did not sign you in: ${identity.message}`),
    );
  }
  const users = await parts.signInAttempts.findPeople(identity.email);
  if (users.length > 1) {
    const token = await parts.signInAttempts.offer({ browser, provider: provider.id, email: identity.email });
    return sendPage(reply, 200, renderChoice(provider.id, users, token));
  }
  reply.header('set-cookie', clearAttemptCookie(origin));
  const [user] = users;
  const entry = user === undefined ? null : { user, provider: provider.id, origin };
  if (entry === null || !(await enterSession(parts, request, reply, entry))) {
    const whose = `No account has a user with the e-mail ${identity.email}; ask an administrator to add you`;
    return sendPage(reply, 403, renderSignedOut(whose));
  }
  // Not a redirect: on the way from another site browsers would leave the session's cookie out.
  return sendPage(reply, 200, renderSignedIn(entry.user));
}

async function choose(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const origin = requireSignInOrigin(request, parts.settings);
  checkOrigin(request.headers, origin);
  const provider = requireProvider(parts, request).id;
  const browser = readAttemptCookie(request.headers.cookie, origin);
  const state = readText(request.body, 'token');
  const email = browser === null ? null : await parts.signInAttempts.takeOffer({ state, browser, provider });
  const user = readText(request.body, 'user');
  if (email === null || !(await parts.signInAttempts.findPeople(email)).includes(user)) {
    return refuse(parts, request, reply);
  }
  reply.header('set-cookie', clearAttemptCookie(origin));
  if (!(await enterSession(parts, request, reply, { user, provider, origin }))) {
    return refuse(parts, request, reply);
  }
  return seeOther(reply);
}

function requireProvider({ identityProviders }: SignInParts, request: FastifyRequest): IdentityProvider {
  const id = readText(request.params, 'provider');
  const provider = identityProviders.get(id);
  if (provider !== undefined) return provider;
  const known = [...identityProviders.keys()].join(', ') || 'none';
  throw new InferenceError(
    404,
    `the identity provider '${id}' is not set up on this server (SPARKLER_IDENTITY_PROVIDERS: ${known}); ` +
      'sign in by a link (firectl sign-in-link)',
  );
}

function describeAttempt(
  { id }: IdentityProvider,
  origin: string,
  state: string,
  browser: string,
): SignInAttempt {
  const verifier = createHash('sha256').update(`verifier ${browser}`).digest('base64url');
  return { state, verifier, callbackUrl: `${origin}/sign-in/${id}/callback` };
}

/** Texts only: a field that comes twice is as if it had not come. */
function readAnswer(values: unknown): Record<string, string> {
  const entries = Object.entries((values ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

async function refuse(parts: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<string> {
  const { status } = await refuseWrongKey(parts, request, overAttempt);
  return sendPage(reply, status, renderSignedOut(overAttempt));
}
