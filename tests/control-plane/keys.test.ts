import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.close());

const users = '/v1/accounts/acme/users';
const keys = '/v1/accounts/acme/apiKeys';
const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);

describe('users', () => {
  test('are made with an id from their e-mail, and by administrators only', async () => {
    const made = await call('POST', users, { email: 'Alice.Lee@example.com', role: 'user' });
    expect(made).toMatchObject({
      status: 200,
      body: { name: 'accounts/acme/users/alice-lee', role: 'user', state: 'READY', serviceAccount: false },
    });
    const second = await call('POST', users, { email: 'alice.lee@other.example', role: 'user' });
    expect(second.body.name).toBe('accounts/acme/users/alice-lee-2');
    const key = await plane.makeUser('acme', 'plain', 'user');
    const refused = await call('POST', users, { email: 'b@example.com', role: 'user' }, { key });
    expect(refused).toMatchObject({ status: 403, body: { code: 7 } });
  });

  test('have one e-mail each in an account, and the same one in several accounts', async () => {
    await call('POST', users, { email: 'twice@example.com', role: 'user' });
    const again = await call('POST', users, { email: 'TWICE@example.com', role: 'user' });
    expect(again).toMatchObject({ status: 409, body: { code: 6 } });
    const key = await plane.makeUser('beta', 'twice', 'admin', 'twice@example.com');
    const { body } = await call('GET', '/v1/accounts?orderBy=name', undefined, { key });
    expect(body.accounts.map((account: { name: string }) => account.name)).toEqual([
      'accounts/acme',
      'accounts/beta',
    ]);
  });

  test.each([
    [{ role: 'user' }, 'email'],
    [{ email: 'nobody', role: 'user' }, 'email'],
    [{ email: 'a@b.c', role: 'user', serviceAccount: true }, 'email'],
    [{ email: 'a@b.c', role: 'owner' }, 'role'],
    [{ email: 'a@b.c' }, 'role'],
  ])('%j is refused, naming the field', async (user, field) => {
    const { status, body } = await call('POST', users, user);
    expect(status).toBe(400);
    expect(body.details[0].fieldViolations[0].field).toBe(field);
  });

  test('an account keeps at least one administrator', async () => {
    const root = `${users}/root`;
    expect(await call('PATCH', root, { role: 'user' })).toMatchObject({ status: 400, body: { code: 9 } });
    expect(await call('DELETE', root)).toMatchObject({ status: 400, body: { code: 9 } });
    await call('POST', `${users}?userId=deputy`, { email: 'deputy@example.com', role: 'admin' });
    expect((await call('PATCH', root, { displayName: 'Root' })).status).toBe(200);
    const deputy = `${users}/deputy`;
    expect((await call('PATCH', deputy, { role: 'user' })).body.role).toBe('user');
    expect((await call('DELETE', deputy)).status).toBe(200);
    expect((await call('DELETE', deputy)).status).toBe(404);
  });

  test('two administrators who demote each other at once leave one', async () => {
    const keyA = await plane.makeUser('pair', 'a', 'admin', 'a@pair.test');
    const keyB = await plane.makeUser('pair', 'b', 'admin', 'b@pair.test');
    const results = await Promise.all([
      call('PATCH', '/v1/accounts/pair/users/b', { role: 'user' }, { key: keyA }),
      call('PATCH', '/v1/accounts/pair/users/a', { role: 'user' }, { key: keyB }),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual([200, 400]);
  });

  test('a role that is taken away is gone from keys that exist', async () => {
    await call('POST', `${users}?userId=fleeting`, { email: 'fleeting@example.com', role: 'admin' });
    const key = (await call('POST', `${users}/fleeting/apiKeys`, { apiKey: {} })).body.key;
    expect((await call('GET', '/v1/accounts/acme/auditLogs', undefined, { key })).status).toBe(200);
    await call('PATCH', `${users}/fleeting`, { role: 'inference-user' });
    expect((await call('GET', '/v1/accounts/acme/auditLogs', undefined, { key })).status).toBe(403);
    const model = { modelId: 'no', model: {} };
    expect((await call('POST', '/v1/accounts/acme/models', model, { key })).status).toBe(403);
    await call('DELETE', `${users}/fleeting`);
    expect((await call('GET', users, undefined, { key })).status).toBe(401);
  });
});

describe('API keys', () => {
  test('show their secret once, and work at once', async () => {
    const { body } = await call('POST', keys, { apiKey: { displayName: 'ci' } });
    expect(body).toMatchObject({
      displayName: 'ci',
      secure: true,
      email: 'root@acme.test',
      expireTime: null,
    });
    expect(body.key).toMatch(/^fw_[\w-]{32}$/);
    expect(body.key.startsWith(body.prefix)).toBe(true);
    expect((await call('GET', users, undefined, { key: body.key })).status).toBe(200);
    const listed = await call('GET', `${keys}?filter=keyId="${body.keyId}"`);
    expect(listed.body.apiKeys).toMatchObject([{ keyId: body.keyId, key: '', prefix: body.prefix }]);
    expect(JSON.stringify(listed.body)).not.toContain(body.key);
    expect((await call('POST', `${keys}:delete`, { keyId: body.keyId })).body).toEqual({});
    expect((await call('POST', `${keys}:delete`, { keyId: body.keyId })).status).toBe(404);
    expect((await call('GET', users, undefined, { key: body.key })).status).toBe(401);
  });

  test('end at their expiry, which must lie ahead', async () => {
    const past = await call('POST', keys, { apiKey: { expireTime: '2020-01-01T00:00:00Z' } });
    expect(past).toMatchObject({ status: 400, body: { code: 3 } });
    const expireTime = new Date(Date.now() + 700).toISOString();
    const { body } = await call('POST', keys, { apiKey: { expireTime } });
    expect(body.expireTime).toBe(expireTime);
    expect((await call('GET', users, undefined, { key: body.key })).status).toBe(200);
    await expect.poll(async () => (await call('GET', users, undefined, { key: body.key })).status).toBe(401);
  });

  test('are seen and deleted by their user and by administrators', async () => {
    const annKey = await plane.makeUser('acme', 'ann', 'user', 'ann@acme.test');
    const own = await call('GET', keys, undefined, { key: annKey });
    expect(own.body).toMatchObject({ totalSize: 1, apiKeys: [{ email: 'ann@acme.test' }] });
    expect((await call('GET', keys)).body.totalSize).toBeGreaterThan(1);
    const rootKeyId = (await call('GET', `${users}/root/apiKeys`)).body.apiKeys[0].keyId;
    const stolen = await call('POST', `${keys}:delete`, { keyId: rootKeyId }, { key: annKey });
    expect(stolen.status).toBe(404);
    expect((await call('GET', `${users}/root/apiKeys`, undefined, { key: annKey })).status).toBe(403);
    expect((await call('POST', `${users}/root/apiKeys`, { apiKey: {} }, { key: annKey })).status).toBe(403);
    const { keyId } = own.body.apiKeys[0];
    expect((await call('POST', `${users}/ann/apiKeys:delete`, { keyId })).status).toBe(200);
  });

  test('of a service user are made by an administrator', async () => {
    await call('POST', `${users}?userId=robot`, { serviceAccount: true, role: 'user', displayName: 'Robot' });
    const { body } = await call('POST', `${users}/robot/apiKeys`, { apiKey: { displayName: 'nightly' } });
    expect((await call('GET', `${users}/robot`, undefined, { key: body.key })).body.serviceAccount).toBe(
      true,
    );
  });
});

describe('the audit log', () => {
  test('has every write with who, what, when, from where and how it ended, and no secret', async () => {
    const key = await plane.makeUser('audited', 'eve', 'admin', 'eve@audited.test');
    const base = '/v1/accounts/audited';
    const made = await call('POST', `${base}/apiKeys`, { apiKey: { displayName: 'k' } }, { key });
    await call('POST', `${base}/users`, { email: 'broken', role: 'user' }, { key });
    await call('GET', `${base}/users`, undefined, { key });
    const { body } = await call('GET', `${base}/auditLogs?orderBy=timestamp`, undefined, { key });
    expect(body.auditLogs).toMatchObject([
      {
        method: 'createApiKey',
        principal: 'eve@audited.test',
        resource: `accounts/audited/apiKeys/${made.body.keyId}`,
        payload: { from: '127.0.0.1', body: { apiKey: { displayName: 'k' } } },
        status: { code: 'OK' },
      },
      {
        method: 'createUser',
        status: { code: 'INVALID_ARGUMENT', message: expect.stringContaining('email') },
      },
    ]);
    expect(JSON.stringify(body)).not.toContain(made.body.key);
    const later = await call('GET', `${base}/auditLogs?startTime=2099-01-01T00:00:00Z`, undefined, { key });
    expect(later.body).toEqual({ auditLogs: [], nextPageToken: '', totalSize: 0 });
  });

  test('is for administrators', async () => {
    const key = await plane.makeUser('acme', 'curious', 'user');
    expect((await call('GET', '/v1/accounts/acme/auditLogs', undefined, { key })).status).toBe(403);
  });
});
