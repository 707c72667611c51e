import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHubDouble } from './hub-double.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** Secrets of accounts: kept sealed, never shown, and used by name. */

let plane: ControlPlane;
let hub: Awaited<ReturnType<typeof startHubDouble>>;
beforeAll(async () => {
  hub = await startHubDouble();
  plane = await startControlPlane({ HF_ENDPOINT: hub.endpoint });
});
afterAll(async () => {
  await plane.close();
  await hub.close();
});

const account = '/v1/accounts/acme';
const secrets = `${account}/secrets`;
const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);

/** All that the database holds, as text. */
async function readDatabase(): Promise<string> {
  const table = "query_to_xml(format('select * from %I', tablename), true, false, '')::text";
  const { rows } = await plane.database.pool.query<{ dump: string }>(
    `select string_agg(${table}, '') as dump from pg_tables where schemaname = 'public'`,
  );
  return rows[0]?.dump ?? '';
}

test('a secret is made, listed, read, changed and deleted, and its value never comes back', async () => {
  const value = 'first-value-of-the-secret';
  const made = await call('POST', secrets, { name: 'wolfram', keyName: 'WOLFRAM_ALPHA_API_KEY', value });
  expect(made).toMatchObject({
    status: 200,
    body: { name: 'accounts/acme/secrets/wolfram', keyName: 'WOLFRAM_ALPHA_API_KEY' },
  });
  const name = '/v1/accounts/acme/secrets/wolfram';
  const again = { name: 'accounts/acme/secrets/wolfram', keyName: 'X', value };
  expect(await call('POST', secrets, again)).toMatchObject({ status: 409, body: { code: 6 } });
  const changed = await call('PATCH', name, { value: 'second-value-of-the-secret' });
  expect(changed.body.keyName).toBe('WOLFRAM_ALPHA_API_KEY');
  expect(changed.headers.get('etag')).not.toBe(made.headers.get('etag'));
  expect((await call('PATCH', name, { keyName: 'WOLFRAM' })).body.keyName).toBe('WOLFRAM');
  const replies = [made, again, changed, await call('GET', name), await call('GET', secrets)];
  const seen = JSON.stringify(replies.slice(2)) + JSON.stringify(made.body) + (await readDatabase());
  for (const part of ['first-value', 'second-value']) expect(seen).not.toContain(part);
  expect(seen).toContain('WOLFRAM');
  for (const query of ['filter=value:"second"', 'orderBy=value', 'readMask=value']) {
    expect((await call('GET', `${secrets}?${query}`)).status).toBe(400);
  }
  expect((await call('DELETE', name)).status).toBe(200);
  expect((await call('GET', name)).status).toBe(404);
});

test.each([
  [{ keyName: 'A', value: 'v' }, 'name'],
  [{ name: 'Upper', keyName: 'A', value: 'v' }, 'name'],
  [{ name: 'accounts/other/secrets/s', keyName: 'A', value: 'v' }, 'name'],
  [{ name: 's', value: 'v' }, 'keyName'],
  [{ name: 's', keyName: 'no-hyphens', value: 'v' }, 'keyName'],
  [{ name: 's', keyName: 'A' }, 'value'],
  [{ name: 's', keyName: 'A', value: 'v'.repeat(32_769) }, 'value'],
])('%j is refused, naming the field', async (secret, field) => {
  const { status, body } = await call('POST', secrets, secret);
  expect([status, body.details[0].fieldViolations[0].field]).toEqual([400, field]);
});

test('an update takes no value away and no name', async () => {
  await call('POST', secrets, { name: 'kept', keyName: 'KEPT', value: 'v' });
  for (const change of [{ value: '' }, { name: 'accounts/acme/secrets/other' }, { keyName: '' }]) {
    expect((await call('PATCH', `${secrets}/kept`, change)).status, JSON.stringify(change)).toBe(400);
  }
});

test('an import opens a gated repository with a secret, as it is now, of its own account only', async () => {
  hub.files.set('tiny/gated/config.json', Buffer.from('{}'));
  hub.tokens.set('tiny/gated', 'hf_right');
  await call('POST', secrets, { name: 'hub', keyName: 'HF_TOKEN', value: 'hf_wrong' });
  await call('POST', `${account}/models`, { modelId: 'gated', model: {} });
  const importWith = (token: string) =>
    call('POST', `${account}/models/gated:import`, {
      huggingFaceSource: { repository: 'tiny/gated', token },
    });
  const statusOf = async () => (await call('GET', `${account}/models/gated`)).body.status.message;
  const token = 'accounts/acme/secrets/hub';
  expect((await importWith(token)).status).toBe(200);
  await expect.poll(statusOf, { timeout: 60_000 }).toContain('401');
  await call('PATCH', `${secrets}/hub`, { value: 'hf_right' });
  expect((await importWith(token)).status).toBe(200);
  // It is let in, and what it finds there is no model.
  await expect.poll(statusOf, { timeout: 60_000 }).not.toMatch(/401|^importing/);

  const key = await plane.makeUser('other', 'root', 'admin');
  await call('POST', '/v1/accounts/other/models', { modelId: 'm', model: {} }, { key });
  const body = { huggingFaceSource: { repository: 'tiny/gated', token } };
  const stolen = await call('POST', '/v1/accounts/other/models/m:import', body, { key });
  expect(stolen).toMatchObject({ status: 400 });
  expect(stolen.body.details[0].fieldViolations[0].field).toBe('huggingFaceSource.token');
  expect((await importWith('accounts/acme/secrets/none')).status).toBe(400);
});

test('the log of changes has who made a secret, and not what it is', async () => {
  await call('POST', secrets, { name: 'logged', keyName: 'LOGGED', value: 'value-that-is-logged-nowhere' });
  const { body } = await call('GET', `${account}/auditLogs?filter=method="createSecret"`);
  expect(body.auditLogs[0]).toMatchObject({
    resource: 'accounts/acme/secrets/logged',
    principal: 'root@acme.test',
    payload: { body: { name: 'logged', keyName: 'LOGGED', value: '(left out)' } },
  });
});
