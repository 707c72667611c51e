import type { Method, Resource } from '@sparkler/api';
import { resources } from '@sparkler/api/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendMethod } from './send-method.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/**
 * Who may call what: every method of the contract that is offered, with every role, on the caller's own
 * account and on another. What is expected is said here by a rule of its own, not by the server's.
 */

const roles = ['admin', 'user', 'contributor', 'inference-user'] as const;
type Role = (typeof roles)[number] | 'operator';

let plane: ControlPlane;
const keys = new Map<Role, string>();

beforeAll(async () => {
  plane = await startControlPlane();
  await plane.makeUser('other', 'root', 'admin');
  for (const role of roles) keys.set(role, await plane.makeUser('acme', `the-${role}`, role));
  keys.set('operator', await plane.makeUser('local', 'root', 'admin'));
});
afterAll(() => plane.close());

interface Offered {
  readonly key: string;
  readonly resource: Resource;
  readonly method: Method;
}

/** Methods that have a handler; others are unknown routes. Without a key, a route answers 401. */
async function listOffered(): Promise<Offered[]> {
  const offered: Offered[] = [];
  for (const [key, resource] of Object.entries(resources as Record<string, Resource>)) {
    for (const method of Object.values(resource.methods)) {
      const { status } = await send(method, 'acme', null);
      expect([401, 404]).toContain(status);
      if (status === 401) offered.push({ key, resource, method });
    }
  }
  return offered;
}

const send = (method: Method, account: string, key: string | null) => sendMethod(plane, method, account, key);

/** The rules of the documentation, in one place. */
function isAllowed({ key, method }: Offered, role: Role, isOwn: boolean): boolean {
  const isNamed = method.path.includes('{account}');
  const money = [
    'accounts',
    'users',
    'apiKeys',
    'userApiKeys',
    'sessions',
    'quotas',
    'invoices',
    'payments',
    'auditLogs',
  ];
  if (role === 'operator') {
    if (money.includes(key)) return true;
    // Operators own `local`; both accounts here are others to them.
    return !isNamed || method.access === 'public';
  }
  if (method.access === 'operator') return false;
  if (isNamed && !isOwn && method.access !== 'public') return false;
  // Keys and links of somebody else are for administrators.
  const isOthers = key === 'userApiKeys' || method.operationId === 'createSignInLink';
  if (isOthers && role !== 'admin') return false;
  if (method.access === 'admin') return role === 'admin';
  if (method.access === 'write') return role !== 'inference-user';
  return true;
}

test('every method, role and account is allowed or refused as the rules say, and none fails', async () => {
  const offered = await listOffered();
  expect(offered.length).toBeGreaterThan(60);
  const wrong: string[] = [];
  let cells = 0;
  for (const one of offered) {
    for (const [role, key] of keys) {
      for (const account of ['acme', 'other']) {
        const { status, text } = await send(one.method, account, key);
        const cell = `${one.method.operationId} as ${role} on ${account}: ${status} ${text.slice(0, 160)}`;
        const isDenied = status === 401 || status === 403;
        if (isDenied === isAllowed(one, role, account === 'acme') || status >= 500) wrong.push(cell);
        cells += 1;
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(cells).toBe(offered.length * 10);
}, 120_000);

test('a key that is limited to models, deployments or reading changes nothing', async () => {
  const limits = [{ readOnly: true }, { models: ['m'] }, { deployments: ['d'] }];
  for (const limit of limits) {
    const made = await plane.call('POST', '/v1/accounts/acme/apiKeys', { apiKey: limit });
    expect(made.status).toBe(200);
    const key = made.body.key as string;
    expect((await plane.call('GET', '/v1/accounts/acme/models', undefined, { key })).status).toBe(200);
    for (const { method } of await listOffered()) {
      if (method.httpMethod === 'GET') continue;
      const { status } = await send(method, 'acme', key);
      expect([method.operationId, status]).toEqual([method.operationId, 403]);
    }
  }
}, 60_000);

test('wrong keys are told so, then slowed and refused; a good key from the same address is not', async () => {
  const wrong = await Promise.all(
    Array.from({ length: 70 }, (_, index) =>
      plane.call('GET', '/v1/accounts', undefined, { key: `fw_wrong${index}` }),
    ),
  );
  const statuses = wrong.map(({ status }) => status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(60);
  expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  expect(wrong.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('60');
  expect((await plane.call('GET', '/v1/accounts')).status).toBe(200);
});

test('strange headers, keys and ids never make the server fail', async () => {
  const strange = [
    '',
    ' ',
    'x',
    '-',
    'é'.normalize(),
    '\u0001',
    'a'.repeat(5000),
    '%00',
    '..',
    '%2e%2e',
    '{}',
    '*',
  ];
  const heads =
    'authorization x-api-key if-match content-type x-request-id range accept cookie origin sec-fetch-site'.split(
      ' ',
    );
  const failures: string[] = [];
  const look = async (path: string, init: RequestInit) => {
    const response = await fetch(plane.baseUrl + path, init).catch(() => null);
    // What fetch itself refuses to send is none of the server's business.
    if (response !== null && response.status >= 500) failures.push(`${path} ${JSON.stringify(init)}`);
    await response?.arrayBuffer();
  };
  for (const text of strange) {
    for (const name of heads) {
      const headers = { authorization: `Bearer ${plane.adminKey}`, [name]: text };
      await look('/v1/accounts/acme/models', { headers });
      await look('/v1/accounts/acme/users', { method: 'POST', headers, body: text });
    }
    const cookie = `sparkler-session=${text}`;
    await look('/v1/accounts/acme/users', { headers: { cookie } });
    await look(`/sign-in?token=${encodeURIComponent(text)}`, { headers: { cookie } });
    for (const path of ['/sign-in', '/sign-out']) {
      const type = 'application/x-www-form-urlencoded';
      const headers = { cookie, origin: plane.baseUrl, 'content-type': type };
      await look(path, { method: 'POST', headers, body: `token=${text}&${text}` });
    }
    const headers = { authorization: `Bearer ${plane.adminKey}` };
    const keys =
      'models users invoices payments quotas deployments datasets secrets sessions apiKeys auditLogs';
    for (const key of keys.split(' ')) {
      await look(`/v1/accounts/acme/${key}/${encodeURIComponent(text)}`, { headers });
      await look(`/v1/accounts/${encodeURIComponent(text)}/${key}`, { headers });
      await look(
        `/v1/accounts/acme/${key}?pageToken=${encodeURIComponent(text)}&filter=${encodeURIComponent(text)}`,
        {
          headers,
        },
      );
    }
  }
  expect(failures).toEqual([]);
}, 60_000);
