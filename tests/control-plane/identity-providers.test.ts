import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type IdentityProvider,
  IdentityRefusedError,
} from '../../packages/server/src/http/sign-in/identity-provider.ts';
import { loadSettings } from '../../packages/server/src/settings-load.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** Signing in by an identity provider, here one that says of people what the test wants. */

/** Answers with the e-mail in `who`, if what came back is what it was begun with. */
const begun = new Map<string, string>();
const makeProvider = (id: string, answersBy: 'query' | 'form'): IdentityProvider => ({
  id,
  title: `The ${id} house`,
  answersBy,
  async begin({ state, verifier, callbackUrl }) {
    begun.set(state, `${verifier} ${callbackUrl}`);
    return `https://${id}.test/authorize?${new URLSearchParams({ state, redirect_uri: callbackUrl })}`;
  },
  async complete({ who }, { state, verifier, callbackUrl }) {
    if (begun.get(state) !== `${verifier} ${callbackUrl}`) throw new Error('begun by something else');
    if (who === undefined) throw new IdentityRefusedError('access_denied');
    return { email: who };
  },
});

const publicHost = 'sparkler.example';
const providers = [
  makeProvider('corp', 'query'),
  makeProvider('other', 'query'),
  makeProvider('saml', 'form'),
];

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane(
    { SPARKLER_SIGN_IN: 'anywhere', SPARKLER_PUBLIC_URL: `https://${publicHost}` },
    { identityProviders: new Map(providers.map((provider) => [provider.id, provider])) },
  );
  await plane.makeUser('acme', 'ann', 'user', 'Ann@acme.test');
  for (const account of ['acme', 'beta']) await plane.makeUser(account, 'both', 'user', 'both@people.test');
  await plane.call('POST', '/v1/accounts/acme/users?userId=machine', {
    serviceAccount: true,
    email: 'machine@acme.test',
    role: 'user',
  });
});
afterAll(() => plane.close());

interface Page {
  readonly status: number | undefined;
  readonly text: string;
  readonly location: string;
  readonly setCookies: readonly string[];
}

/** A request of a browser: with any Host header, which fetch does not let through. */
async function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  form?: Record<string, string>,
): Promise<Page> {
  const type: Record<string, string> =
    form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const request = httpRequest(plane.baseUrl + path, { method, headers: { ...type, ...headers } });
  request.end(form === undefined ? '' : new URLSearchParams(form).toString());
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode,
    text: await text(response),
    location: response.headers.location ?? '',
    setCookies: response.headers['set-cookie'] ?? [],
  };
}

const cookieNamed = ({ setCookies }: Page, name: string) =>
  setCookies.find((cookie) => cookie.startsWith(`${name}=`))?.split(';', 1)[0] ?? '';

/** As far as the provider's page. */
async function begin(provider: string) {
  const page = await send('GET', `/sign-in/${provider}`);
  expect(page.status).toBe(303);
  const state = new URL(page.location).searchParams.get('state') ?? '';
  return { page, state, cookie: cookieNamed(page, 'sparkler-sign-in') };
}

const back = (provider: string, query: Record<string, string>, cookie: string) =>
  send('GET', `/sign-in/${provider}/callback?${new URLSearchParams(query)}`, {
    cookie,
    'sec-fetch-site': 'cross-site',
  });

async function expectSignedIn(page: Page, user: string, provider: string): Promise<void> {
  const cookie = cookieNamed(page, 'sparkler-session');
  expect(cookie).not.toBe('');
  const own = await send('GET', `/v1/${user.split('/').slice(0, 2).join('/')}/sessions`, { cookie });
  expect(JSON.parse(own.text).sessions.find(({ current }: { current: boolean }) => current)).toMatchObject({
    user,
    provider,
  });
}

test('there and back: the session is that of the user with the e-mail, and says by whom', async () => {
  const start = await send('GET', '/sign-in');
  expect(start.text).toContain('<a href="/sign-in/corp">Sign in by The corp house</a>');
  const { page, state, cookie } = await begin('corp');
  expect(page.location).toMatch(/^https:\/\/corp\.test\/authorize\?state=[\w-]{43}&redirect_uri=/);
  expect(page.setCookies).toEqual([
    expect.stringMatching(/^sparkler-sign-in=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
  ]);
  const { rows } = await sql`select sign_in_attempts::text as row from sign_in_attempts`.execute(
    plane.context.db,
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const secret of [state, cookie.split('=')[1]]) expect(JSON.stringify(rows)).not.toContain(secret);

  const done = await back('corp', { state, who: 'ann@ACME.test' }, cookie);
  expect(done.status).toBe(200);
  expect(done.text).toContain('You are signed in as <code>accounts/acme/users/ann</code>');
  expect(done.setCookies.join()).toContain('sparkler-sign-in=; Max-Age=0');
  await expectSignedIn(done, 'accounts/acme/users/ann', 'corp');
  const { body } = await plane.call('GET', '/v1/accounts/acme/auditLogs?filter=method="signIn"');
  expect(body.auditLogs[0]).toMatchObject({ principal: 'Ann@acme.test', payload: { provider: 'corp' } });
});

test('an answer counts once, in the browser that began it, for its provider', async () => {
  const { state, cookie } = await begin('corp');
  const who = 'ann@acme.test';
  const foreign = await begin('corp');
  for (const [provider, query, jar] of [
    ['corp', { state: `${state.slice(0, -2)}__`, who }, cookie],
    ['corp', { who }, cookie],
    ['corp', { state, who }, ''],
    ['corp', { state, who }, foreign.cookie],
    ['other', { state, who }, cookie],
  ] as const) {
    const page = await back(provider, query, jar);
    expect([page.status, page.setCookies]).toEqual([401, []]);
    expect(page.text).toContain('began in another browser');
  }
  // None of these used it up; of several that bring it at once, one is let in.
  const both = await Promise.all([1, 2].map(() => back('corp', { state, who }, cookie)));
  expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
  expect((await back('corp', { state, who }, cookie)).status).toBe(401);
});

test('who is not vouched for, or has no user here, or is a machine, is told so', async () => {
  const denied = await begin('corp');
  const refused = await back('corp', { state: denied.state, error: 'access_denied' }, denied.cookie);
  expect([refused.status, refused.setCookies]).toEqual([401, []]);
  expect(refused.text).toContain('The corp house did not sign you in: access_denied');
  for (const who of ['<i>@x.test', 'machine@acme.test', '']) {
    const { state, cookie } = await begin('corp');
    const page = await back('corp', { state, who }, cookie);
    expect(page.status).toBe(403);
    expect(cookieNamed(page, 'sparkler-session')).toBe('');
    expect(page.text).toContain('No account has a user');
    expect(page.text).not.toContain('<i>');
  }
});

test('an e-mail in several accounts: a page of this server asks for which, once', async () => {
  const { state, cookie } = await begin('corp');
  const page = await back('corp', { state, who: 'both@people.test' }, cookie);
  expect([page.status, page.setCookies]).toEqual([200, []]);
  for (const account of ['acme', 'beta'])
    expect(page.text).toContain(`value="accounts/${account}/users/both"`);
  const token = /name="token" value="([\w-]{43})"/.exec(page.text)?.[1] ?? '';
  const choose = (user: string, headers: Record<string, string> = {}) =>
    send(
      'POST',
      '/sign-in/corp/choose',
      { cookie, 'sec-fetch-site': 'same-origin', ...headers },
      { token, user },
    );
  const beta = 'accounts/beta/users/both';
  expect((await choose(beta, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await choose(beta, { cookie: '' })).status).toBe(401);
  const done = await choose(beta);
  expect([done.status, done.location]).toEqual([303, '/sign-in']);
  await expectSignedIn(done, beta, 'corp');
  expect((await choose(beta)).status).toBe(401);

  const again = await begin('corp');
  const second = await back('corp', { state: again.state, who: 'both@people.test' }, again.cookie);
  const offered = /name="token" value="([\w-]{43})"/.exec(second.text)?.[1] ?? '';
  const other = await send(
    'POST',
    '/sign-in/corp/choose',
    { cookie: again.cookie, 'sec-fetch-site': 'same-origin' },
    { token: offered, user: 'accounts/acme/users/root' },
  );
  expect([other.status, other.setCookies]).toEqual([401, []]);
});

test('one that answers by a form of its own page does so by HTTPS', async () => {
  const plain = await send('GET', '/sign-in/saml');
  expect([plain.status, plain.text]).toEqual([403, expect.stringContaining('SPARKLER_PUBLIC_URL')]);
  const wide = { host: publicHost, 'x-forwarded-for': '192.0.2.1' };
  const page = await send('GET', '/sign-in/saml', wide);
  expect(page.setCookies[0]).toMatch(/^__Host-sparkler-sign-in=[\w-]{43};.*SameSite=None; Secure$/);
  const cookie = cookieNamed(page, '__Host-sparkler-sign-in');
  const RelayState = new URL(page.location).searchParams.get('state') ?? '';
  const done = await send(
    'POST',
    '/sign-in/saml/callback',
    { ...wide, cookie, 'sec-fetch-site': 'cross-site', origin: 'https://saml.test' },
    // As long as answers with certificates are.
    { RelayState, who: 'ann@acme.test', SAMLResponse: 'x'.repeat(20_000) },
  );
  expect(done.status).toBe(200);
  expect(cookieNamed(done, '__Host-sparkler-session')).not.toBe('');
});

test('without a provider the addresses name the setting, which takes only what there is', async () => {
  for (const path of ['/sign-in/google', '/sign-in/google/callback?state=x']) {
    const page = await send('GET', path);
    expect([page.status, page.text]).toEqual([404, expect.stringContaining('SPARKLER_IDENTITY_PROVIDERS')]);
  }
  expect(() =>
    loadSettings({ SPARKLER_DATA: plane.database.folder, SPARKLER_IDENTITY_PROVIDERS: 'google' }),
  ).toThrow("SPARKLER_IDENTITY_PROVIDERS has 'google', and there is no such identity provider");
});
