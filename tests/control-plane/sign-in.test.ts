import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** People who sign in with a browser: one-time links, sessions in cookies, and what those are kept from. */

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.close());

let root: string;
beforeEach(async () => {
  root = await makeLink('root');
});

async function makeLink(user: string, options: { readonly key?: string } = {}): Promise<string> {
  const { body, status } = await plane.call(
    'POST',
    `/v1/accounts/acme/users/${user}:createSignInLink`,
    {},
    options,
  );
  expect(status).toBe(200);
  return body.url;
}

const tokenOf = (link: string) => new URL(link).searchParams.get('token') ?? '';

/** What a browser sends: a form of a page of this server. */
function submit(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return fetch(plane.baseUrl + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin', 'user-agent': 'Browser/1', ...headers },
    body: new URLSearchParams(fields),
  });
}

/** A request with any Host header, which fetch does not let through. */
async function send(
  { baseUrl }: ControlPlane,
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
) {
  const request = httpRequest(baseUrl + path, { method, headers }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const cookie = response.headers['set-cookie']?.[0] ?? '';
  return { status: response.statusCode, cookie, text: await text(response) };
}

const cookieOf = (response: Response) => (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';

async function signIn(link: string): Promise<string> {
  const response = await submit('/sign-in', { token: tokenOf(link) });
  expect([response.status, response.headers.get('location')]).toEqual([303, '/sign-in']);
  return cookieOf(response);
}

/** A call of a page of this server, by default. */
async function callAs(cookie: string, method: string, path: string, headers: Record<string, string> = {}) {
  const response = await fetch(plane.baseUrl + path, {
    method,
    headers: { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', ...headers },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{"role":"user","email":"new@acme.test"}' }),
  });
  const body = await response.text();
  return { status: response.status, body: body === '' ? null : JSON.parse(body), headers: response.headers };
}

const own = '/v1/accounts/acme/users/root';

test('a link shows whom it signs in, is used by its button once, and begins a session', async () => {
  for (let times = 0; times < 2; times += 1) {
    const offer = await fetch(root);
    expect(offer.status).toBe(200);
    expect(await offer.text()).toContain('accounts/acme/users/root');
    expect(offer.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    expect(offer.headers.get('cache-control')).toBe('no-store');
    expect(offer.headers.get('set-cookie')).toBeNull();
  }
  const token = tokenOf(root);
  const both = await Promise.all([submit('/sign-in', { token }), submit('/sign-in', { token })]);
  expect(both.map(({ status }) => status).sort()).toEqual([303, 401]);
  const done = both.find(({ status }) => status === 303);
  const header = done?.headers.get('set-cookie') ?? '';
  expect(header).toMatch(/^sparkler-session=[\w-]{43}; Expires=[^;]+; Path=\/; HttpOnly; SameSite=Strict$/);
  const used = await fetch(root);
  expect(used.status).toBe(401);
  expect(await used.text()).toContain('was used');
  const page = await fetch(`${plane.baseUrl}/sign-in`, { headers: { cookie: cookieOf(done as Response) } });
  expect(await page.text()).toContain('You are signed in as <code>accounts/acme/users/root</code>');
});

test('a session does what its user may, on the same API; nothing secret is in the database', async () => {
  const cookie = await signIn(root);
  expect((await callAs(cookie, 'GET', own)).body.name).toBe('accounts/acme/users/root');
  const made = await callAs(cookie, 'POST', '/v1/accounts/acme/users?userId=made-by-session');
  expect(made.status).toBe(200);
  const verified = await callAs(cookie, 'GET', '/verifyApiKey');
  expect(verified.headers.get('x-fireworks-user-id')).toBe('root');
  expect((await callAs(cookie, 'GET', '/inference/v1/models')).status).toBe(200);

  const key = await plane.makeUser('acme', 'looker', 'inference-user');
  const looker = await signIn(await makeLink('looker'));
  expect((await callAs(looker, 'POST', '/v1/accounts/acme/users?userId=no')).status).toBe(403);
  expect((await callAs(looker, 'GET', '/v1/accounts/beta/users')).status).toBe(403);
  // A key that is sent along wins: here a wrong one.
  expect((await callAs(cookie, 'GET', own, { authorization: 'Bearer fw_wrong' })).status).toBe(401);
  expect(
    (await callAs(cookie, 'GET', '/v1/accounts/acme/sessions', { authorization: `Bearer ${key}` })).body
      .totalSize,
  ).toBe(1);

  const { rows } = await sql`select sessions::text || users::text as row from sessions, users`.execute(
    plane.context.db,
  );
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain(cookie.split('=')[1]);
});

test('pages of other sites, and of other programs on this machine, change nothing with it', async () => {
  const cookie = await signIn(root);
  const create = '/v1/accounts/acme/users?userId=forged';
  for (const site of ['cross-site', 'same-site', 'none']) {
    const forged = await callAs(cookie, 'POST', create, { 'sec-fetch-site': site });
    expect([site, forged.status]).toEqual([site, 403]);
  }
  const bare = async (headers: Record<string, string>) =>
    fetch(plane.baseUrl + own, { method: 'DELETE', headers: { cookie, ...headers } });
  expect((await bare({})).status).toBe(403);
  expect((await bare({ origin: 'http://localhost:3000' })).status).toBe(403);
  expect((await bare({ origin: 'null' })).status).toBe(403);
  // Its own page gets as far as the handler: the last administrator stays.
  expect((await bare({ origin: plane.baseUrl })).status).toBe(400);
  // Nobody is signed in by somebody else's page either.
  const token = tokenOf(await makeLink('root'));
  expect((await submit('/sign-in', { token }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await submit('/sign-in', { token })).status).toBe(303);
});

test('only this machine signs in, unless widened: not through proxies, not by another name', async () => {
  const cookie = await signIn(root);
  const link = await makeLink('root');
  for (const headers of [
    { 'x-forwarded-for': '192.0.2.1' },
    { forwarded: 'for=192.0.2.1' },
    { via: '1.1 x' },
  ]) {
    expect((await fetch(link, { headers })).status).toBe(403);
    expect((await callAs(cookie, 'GET', own, headers)).status).toBe(403);
  }
  const named = await send(plane, 'GET', '/sign-in', { host: 'sparkler.example' });
  expect(named.status).toBe(403);
  expect(named.text).toContain('SPARKLER_SIGN_IN=anywhere');
  const key = await plane.call(
    'POST',
    `${own}:createSignInLink`,
    {},
    { headers: { 'x-forwarded-for': '192.0.2.1' } },
  );
  expect(key.status).toBe(200);
});

test('widened, the link leads to the public address, and by HTTPS the cookie is bound to the host', async () => {
  const wide = await startControlPlane({
    SPARKLER_SIGN_IN: 'anywhere',
    SPARKLER_PUBLIC_URL: 'https://sparkler.example',
  });
  onTestFinished(() => wide.close());
  const { body } = await wide.call('POST', `${own}:createSignInLink`, {});
  expect(body.url).toMatch(/^https:\/\/sparkler\.example\/sign-in\?token=[\w-]{43}$/);
  const host = { host: 'sparkler.example', 'x-forwarded-for': '192.0.2.1', 'sec-fetch-site': 'same-origin' };
  const form = { ...host, 'content-type': 'application/x-www-form-urlencoded' };
  const done = await send(wide, 'POST', '/sign-in', form, `token=${tokenOf(body.url)}`);
  expect(done.status).toBe(303);
  expect(done.cookie).toMatch(
    /^__Host-sparkler-session=[\w-]{43}; Expires=[^;]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  const cookie = done.cookie.split(';', 1)[0] ?? '';
  expect((await send(wide, 'GET', own, { ...host, cookie })).status).toBe(200);
  expect((await send(wide, 'GET', own, { ...host, host: 'other.example', cookie })).status).toBe(403);
});

test('turned off, nobody gets a link, with the setting named', async () => {
  const closed = await startControlPlane({ SPARKLER_SIGN_IN: 'off' });
  onTestFinished(() => closed.close());
  const { status, body } = await closed.call('POST', `${own}:createSignInLink`, {});
  expect([status, body.message]).toEqual([400, expect.stringContaining('SPARKLER_SIGN_IN=off')]);
  expect((await fetch(`${closed.baseUrl}/sign-in`)).status).toBe(403);
});

test('sessions are listed and ended, by their user and by administrators; signing out ends the own one', async () => {
  const [here, there] = [await signIn(root), await signIn(await makeLink('root'))];
  const list = async (cookie: string) =>
    (await callAs(cookie, 'GET', '/v1/accounts/acme/sessions')).body.sessions;
  const mine = (await list(here)).find(({ current }: { current: boolean }) => current);
  expect(mine).toMatchObject({
    user: 'accounts/acme/users/root',
    provider: 'link',
    fromAddress: '127.0.0.1',
    userAgent: 'Browser/1',
  });
  expect((await callAs(there, 'GET', `/v1/${mine.name}`)).body.current).toBe(false);
  const other = await plane.makeUser('acme', 'bystander', 'user');
  expect((await plane.call('DELETE', `/v1/${mine.name}`, undefined, { key: other })).status).toBe(404);
  expect((await callAs(there, 'DELETE', `/v1/${mine.name}`)).status).toBe(200);
  const over = await callAs(here, 'GET', own);
  expect(over.status).toBe(401);
  expect(over.body.message).toContain('sign in again');
  expect(over.headers.get('set-cookie')).toContain('Max-Age=0');

  const out = await submit('/sign-out', {}, { cookie: there });
  expect([out.status, out.headers.get('set-cookie')]).toEqual([303, expect.stringContaining('Max-Age=0')]);
  expect((await callAs(there, 'GET', own)).status).toBe(401);
  const { body } = await plane.call(
    'GET',
    '/v1/accounts/acme/auditLogs?filter=method="signOut" OR method="signIn"',
  );
  expect(body.auditLogs[0]).toMatchObject({
    method: 'signOut',
    principal: 'root@acme.test',
    resource: expect.stringMatching(/^accounts\/acme\/sessions\//),
    payload: { from: '127.0.0.1', userAgent: 'Browser/1' },
    status: { code: 'OK' },
  });
  expect(body.auditLogs.map(({ method }: { method: string }) => method)).toContain('signIn');
});

test('links are made for oneself, by administrators for their people, never for machines', async () => {
  const key = await plane.makeUser('acme', 'worker', 'user');
  await makeLink('worker', { key });
  const path = (user: string) => `/v1/accounts/acme/users/${user}:createSignInLink`;
  expect((await plane.call('POST', path('root'), {}, { key })).status).toBe(403);
  expect((await plane.call('POST', path('nobody'), {})).status).toBe(404);
  await plane.call('POST', '/v1/accounts/acme/users?userId=machine', { serviceAccount: true, role: 'user' });
  expect(await plane.call('POST', path('machine'), {})).toMatchObject({ status: 400, body: { code: 9 } });
  const session = await signIn(await makeLink('worker'));
  await plane.call('DELETE', '/v1/accounts/acme/users/worker');
  expect((await callAs(session, 'GET', '/v1/accounts/acme/users')).status).toBe(401);
});
