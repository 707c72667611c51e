import type { Method, Resource } from '@sparkler/api';
import { resources } from '@sparkler/api/resources';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendMethod } from './send-method.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** The log of changes: every method of the contract that writes leaves an entry, however it ends. */

let plane: ControlPlane;
let key: string;
beforeAll(async () => {
  plane = await startControlPlane();
  await plane.makeUser('acme', 'clerk', 'user');
  // An operator may call every method, on an account of their own.
  key = await plane.makeUser('local', 'root', 'admin', 'root@local.test');
});
afterAll(() => plane.close());

interface Entry {
  readonly method: string;
  readonly principal: string;
  readonly resource: string;
  readonly timestamp: string;
  readonly payload: Record<string, unknown>;
  readonly status: { readonly code: string };
}

async function readLog(filter: string): Promise<Entry[]> {
  const query = new URLSearchParams({ filter, pageSize: '200' });
  const { status, body } = await plane.call('GET', `/v1/accounts/local/auditLogs?${query}`, undefined, {
    key,
  });
  expect(status).toBe(200);
  return body.auditLogs;
}

/** What the contract says changes something: not what it calls reading, whatever verb that is sent with. */
const writes: Method[] = Object.values(resources as Record<string, Resource>)
  .flatMap((resource) => Object.values(resource.methods))
  .filter(({ httpMethod, access }) => httpMethod !== 'GET' && access !== 'read' && access !== 'public');

test('every write that is offered is recorded: who, what, when, from where, and how it ended', async () => {
  expect(writes.length).toBeGreaterThan(50);
  const missing: string[] = [];
  let offered = 0;
  for (const method of writes) {
    const requestId = `audit-${method.operationId}`;
    const { status } = await sendMethod(plane, method, 'local', key, { 'x-request-id': requestId });
    // A resource without handlers is no route.
    if ((await sendMethod(plane, method, 'local', null)).status !== 401) continue;
    offered += 1;
    const [entry] = await readLog(`method = "${method.operationId}"`);
    const { payload } = entry ?? {};
    const isWhole =
      entry?.principal === 'root@local.test' &&
      payload?.requestId === requestId &&
      payload.from === '127.0.0.1' &&
      typeof payload.apiKeyId === 'string' &&
      entry.resource !== '' &&
      (entry.status.code === 'OK') === (status === 200);
    if (!isWhole) missing.push(`${method.operationId} (${status}): ${JSON.stringify(entry)}`);
  }
  expect(missing).toEqual([]);
  expect(offered).toBeGreaterThan(35);
}, 120_000);

async function readAcme(filter: string): Promise<Entry[]> {
  const query = new URLSearchParams({ filter, pageSize: '200' });
  return (await plane.call('GET', `/v1/accounts/acme/auditLogs?${query}`)).body.auditLogs;
}

test('reading leaves nothing, nor does who is not known', async () => {
  const before = await readAcme('');
  await plane.call('GET', '/v1/accounts/acme/users');
  expect((await plane.call('POST', '/v1/accounts/acme/users', {}, { key: 'fw_wrong' })).status).toBe(401);
  expect(await readAcme('')).toEqual(before);
});

test('who tries to write without the right to is in the log of their own account, a few times a minute', async () => {
  const clerk = await plane.makeUser('acme', 'clerk-2', 'user', 'clerk-2@acme.test');
  const before = await readLog('');
  const secret = { email: 'new@acme.test', displayName: 'not to be kept' };
  const attempts = ['/v1/accounts/acme/users', '/v1/accounts/local/users', '/v1/accounts/local:block'];
  for (const path of attempts) {
    const headers = { 'x-request-id': `refused-${attempts.indexOf(path)}` };
    expect((await plane.call('POST', path, secret, { key: clerk, headers })).status).toBe(403);
  }
  const refused = () => readAcme('principal = "clerk-2@acme.test"');
  const entries = (await refused()).toSorted((a, b) =>
    String(a.payload.requestId).localeCompare(String(b.payload.requestId)),
  );
  expect(entries.map(({ method, resource }) => `${method} ${resource}`)).toEqual([
    'createUser accounts/acme',
    'createUser accounts/local',
    'blockAccount accounts/local',
  ]);
  for (const [index, { status, payload }] of entries.entries()) {
    expect(status.code).toBe('PERMISSION_DENIED');
    expect(payload).toEqual({
      requestId: `refused-${index}`,
      from: '127.0.0.1',
      userAgent: expect.any(String),
      apiKeyId: expect.any(String),
    });
  }
  // Reading without the right to is no write, and the others' log says nothing.
  expect((await plane.call('GET', '/v1/accounts/acme/auditLogs', undefined, { key: clerk })).status).toBe(
    403,
  );
  expect(await readLog('')).toEqual(before);
  for (let sent = 0; sent < 30; sent += 1) {
    expect((await plane.call('POST', attempts[0]!, secret, { key: clerk })).status).toBe(403);
  }
  // Some of them may fall into a second minute.
  const { length } = await refused();
  expect(length).toBeGreaterThanOrEqual(10);
  expect(length).toBeLessThanOrEqual(20);
});

test('what an operator does to an account, and what follows by itself, is in the log of that account', async () => {
  // Without credit it is suspended at once, and again as soon as a block is gone, until it has some.
  const made = await plane.call(
    'POST',
    '/v1/accounts?accountId=blocked&creditUsd=0',
    { email: 'owner@blocked.test' },
    { key },
  );
  expect(made.body, JSON.stringify(made.body)).toMatchObject({ suspendState: 'CREDIT_DEPLETED' });
  expect((await plane.call('POST', '/v1/accounts/blocked:block', {}, { key })).status).toBe(200);
  expect((await plane.call('POST', '/v1/accounts/blocked:unblock', {}, { key })).status).toBe(200);
  const credit = { amountUsd: '5' };
  expect((await plane.call('POST', '/v1/accounts/blocked:grantCredit', credit, { key })).status).toBe(200);
  const { body } = await plane.call('GET', '/v1/accounts/blocked/auditLogs', undefined, { key });
  const entries = body.auditLogs.map(({ method, principal }: Entry) => `${method} by ${principal}`);
  expect(entries.toSorted()).toEqual([
    'blockAccount by root@local.test',
    'grantCredit by root@local.test',
    'liftSuspension by system',
    'suspendAccount by system',
    'suspendAccount by system',
    'unblockAccount by root@local.test',
  ]);
});
