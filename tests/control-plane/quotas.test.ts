import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.close());

const quotas = '/v1/accounts/acme/quotas';
const spend = `${quotas}/monthly-spend-usd`;

test('an account sees its limits and what it used of them', async () => {
  const { body } = await plane.call('GET', `${quotas}?orderBy=name desc`);
  expect(body).toMatchObject({
    totalSize: 2,
    quotas: [
      { name: 'accounts/acme/quotas/monthly-spend-usd', value: '50', maxValue: '50', usage: 0 },
      { name: 'accounts/acme/quotas/deployed-loras', value: '100', maxValue: '100', usage: 0 },
    ],
  });
});

test('an administrator lowers the monthly limit, and raises it no higher than the tier', async () => {
  expect((await plane.call('PATCH', spend, { value: '20' })).body).toMatchObject({
    value: '20',
    maxValue: '50',
  });
  const { rows } = await plane.database.pool.query(
    `select own_limit_nanos as own from accounts where id = 'acme'`,
  );
  expect(rows[0].own).toBe(20_000_000_000);
  expect((await plane.call('PATCH', spend, { value: '51' })).body).toMatchObject({ code: 3 });
  expect((await plane.call('PATCH', spend, { maxValue: '500' })).body).toMatchObject({ code: 3 });
  expect((await plane.call('PATCH', spend, { value: '50' })).body).toMatchObject({ value: '50' });
  const key = await plane.makeUser('acme', 'plain', 'user');
  expect((await plane.call('PATCH', spend, { value: '1' }, { key })).status).toBe(403);
  expect((await plane.call('PATCH', `${quotas}/deployed-loras`, { value: '5' })).body).toMatchObject({
    code: 3,
  });
  expect((await plane.call('PATCH', `${quotas}/other`, { value: '5' })).status).toBe(404);
});
