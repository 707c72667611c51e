import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** LoRA addons as the control plane sees them: where they may be loaded, how many, by whom. */

let plane: ControlPlane;
const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);
const loaded = '/v1/accounts/acme/deployedModels';
const base = 'accounts/fireworks/models/base';
const shared = 'accounts/fireworks/deployments/shared';
const load = (model: string, more: object = {}) => call('POST', loaded, { model, ...more });

beforeAll(async () => {
  plane = await startControlPlane();
  const { pool } = plane.database;
  await pool.query(`insert into models (name, account, kind, state, is_public)
    values ('${base}', 'fireworks', 'HF_BASE_MODEL', 'READY', true)`);
  await pool.query(`insert into deployments (name, account, base_model, enable_addons)
    values ('${shared}', 'fireworks', '${base}', true), ('accounts/acme/deployments/own', 'acme', '${base}', true),
      ('accounts/acme/deployments/closed', 'acme', '${base}', false)`);
  await pool.query(`insert into models (name, account, kind, state, peft_details)
    select 'accounts/acme/models/a' || i, 'acme', 'HF_PEFT_ADDON', 'READY',
      '{"baseModel": "${base}", "r": 8, "targetModules": ["q_proj"]}' from generate_series(1, 110) i`);
});
afterAll(() => plane.close());

test('an addon without a deployment goes to a shared one of its base model, with one to that', async () => {
  const serverless = await load('a1');
  expect(serverless.body).toMatchObject({
    deployment: shared,
    serverless: true,
    default: true,
    state: 'DEPLOYING',
  });
  const own = await load('a1', { deployment: 'own' });
  expect(own.body).toMatchObject({ serverless: false, default: false });
  expect((await load('a1')).status).toBe(409);
  const closed = await load('a2', { deployment: 'closed' });
  expect(closed).toMatchObject({
    status: 400,
    body: { message: expect.stringContaining('--enable-addons') },
  });
  const { body } = await call('GET', '/v1/accounts/acme/models/a1');
  expect(body.deployedModelRefs.map(({ deployment }: { deployment: string }) => deployment)).toEqual([
    shared,
    'accounts/acme/deployments/own',
  ]);
});

test('which one answers to the plain name is moved, and never left open', async () => {
  const [second] = (await call('GET', `${loaded}?filter=default=false`)).body.deployedModels;
  expect((await call('PATCH', `/v1/${second.name}`, { default: true })).body.default).toBe(true);
  expect((await call('GET', `${loaded}?filter=default=true`)).body.deployedModels).toHaveLength(1);
  const refused = await call('PATCH', `/v1/${second.name}`, { default: false });
  expect(refused.body.details[0].fieldViolations[0].field).toBe('default');
});

test('another account loads no private addon, and reads nothing of what is loaded', async () => {
  const key = await plane.makeUser('other', 'olga', 'admin');
  const theirs = '/v1/accounts/other/deployedModels';
  const asked = await call('POST', theirs, { model: 'accounts/acme/models/a1' }, { key });
  expect(asked.status).toBe(404);
  expect((await call('GET', loaded, undefined, { key })).status).toBe(403);
  expect((await call('GET', '/v1/accounts/acme/models/a1', undefined, { key })).status).toBe(404);
});

describe('the hundredth addon', () => {
  test('is the last one, over shared and own deployments, however many come at once', async () => {
    await plane.database.pool.query(`insert into deployed_models (name, account, model, deployment, adapter)
      select 'accounts/acme/deployedModels/x' || i, 'acme', 'accounts/acme/models/a' || i, '${shared}', 'a' || i
      from generate_series(3, 99) i`);
    const answers = await Promise.all(
      [100, 101, 102, 103].map((index) => load(`a${index}`, index % 2 === 0 ? {} : { deployment: 'own' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429, 429]);
    expect(answers.find(({ status }) => status === 429)?.body).toMatchObject({
      code: 8,
      message: expect.stringContaining('at most 100 LoRA addons loaded (quota deployed-loras)'),
    });
    const { body } = await call('GET', '/v1/accounts/acme/quotas/deployed-loras');
    expect(body).toMatchObject({ value: '100', usage: 100 });
  });

  test('makes room for another when one is unloaded', async () => {
    expect((await call('DELETE', `${loaded}/x50`)).status).toBe(200);
    expect((await call('GET', `${loaded}/x50`)).body.state).toBe('UNDEPLOYING');
    expect((await load('a110')).status).toBe(200);
    expect((await load('a109')).status).toBe(429);
  });
});
