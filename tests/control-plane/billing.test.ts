import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { closeMonths } from '../../packages/server/src/billing/close-months.ts';
import { reviewAccounts } from '../../packages/server/src/billing/review-accounts.ts';
import { bookUsage } from './book-usage.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** Money over the API: what operators do, and what accounts see. */

/** In the middle of a month: in its first hour the bills of the last one are not made yet. */
const nowMs = Date.UTC(2026, 6, 15, 12);
const lastMonth = new Date(Date.UTC(2026, 5, 15));

let plane: ControlPlane;
let operator: string;
beforeAll(async () => {
  plane = await startControlPlane({}, { now: () => nowMs });
  operator = await plane.makeUser('local', 'root', 'admin');
});
afterAll(() => plane.close());

const asOperator = (method: string, path: string, body?: unknown) =>
  plane.call(method, `/v1/accounts${path}`, body, { key: operator });

const use = (account: string, usd: number, time: Date) => bookUsage(plane, account, usd, time);

test('an operator makes an account, which begins with a dollar of credit', async () => {
  const created = await asOperator('POST', '?accountId=beta', { email: 'b@beta.test', displayName: 'Beta' });
  expect(created.body).toMatchObject({
    name: 'accounts/beta',
    accountType: 'DEVELOPER',
    tier: 'TIER_1',
    paymentMethod: 'NONE',
    suspendState: 'UNSUSPENDED',
  });
  expect((await asOperator('GET', '/beta:getBalance')).body).toMatchObject({
    creditUsd: '1.00',
    outstandingUsd: '0.00',
    limitUsd: '50.00',
    nextTierUsd: '50.00',
  });
  expect((await asOperator('POST', '?accountId=beta', { email: 'b@beta.test' })).status).toBe(409);
  expect((await asOperator('POST', '/nobody/users', { email: 'b@beta.test', role: 'user' })).status).toBe(
    404,
  );
  const user = await asOperator('POST', '/beta/users', { email: 'b@beta.test', role: 'admin' });
  expect(user.status).toBe(200);
  const key = await plane.call('POST', `/v1/${user.body.name}/apiKeys`, { apiKey: {} }, { key: operator });
  const verified = await fetch(`${plane.baseUrl}/verifyApiKey`, {
    headers: { authorization: `Bearer ${key.body.key}` },
  });
  expect(verified.headers.get('x-fireworks-account-id')).toBe('beta');
});

test('$20 of credit and $83 of use make a bill of $63', async () => {
  await asOperator('POST', '?accountId=gamma&creditUsd=0', { email: 'g@g.test', paymentMethod: 'MANUAL' });
  await asOperator('POST', '/gamma:recordPayment', { amountUsd: '20' });
  await asOperator('PATCH', '/gamma', { tier: 'TIER_2' });
  await use('gamma', 83, lastMonth);
  await closeMonths(plane.context);
  const { body } = await asOperator('GET', '/gamma/invoices');
  expect(body.invoices).toMatchObject([
    { state: 'OPEN', subtotalUsd: '83.00', creditUsd: '20.00', dueUsd: '63.00', paidUsd: '0.00' },
  ]);
  const name = body.invoices[0].name.slice('accounts'.length);
  const invoice = await asOperator('GET', name);
  expect(invoice.body.lines).toMatchObject([
    { kind: 'inference', model: 'accounts/fireworks/models/m', apiKeyId: 'k1', costUsd: '83.00' },
  ]);
  const page = await asOperator('GET', `${name}:download`);
  expect(page.body).toMatchObject({ contentType: 'text/html' });
  for (const text of ['83.00', '63.00', 'accounts/fireworks/models/m'])
    expect(page.body.content).toContain(text);

  // The payment fails: everything stops until it is paid.
  await asOperator('POST', '/gamma:recordPayment', {
    amountUsd: '63',
    state: 'FAILED',
    invoice: `accounts${name}`,
  });
  expect((await asOperator('GET', '/gamma')).body.suspendState).toBe('FAILED_PAYMENTS');
  await asOperator('POST', '/gamma:recordPayment', { amountUsd: '63', requestId: 'bank-1' });
  await asOperator('POST', '/gamma:recordPayment', { amountUsd: '63', requestId: 'bank-1' });
  expect((await asOperator('GET', '/gamma')).body.suspendState).toBe('UNSUSPENDED');
  expect((await asOperator('GET', '/gamma:getBalance')).body).toMatchObject({
    creditUsd: '0.00',
    outstandingUsd: '0.00',
    paidUsd: '83.00',
  });
  expect((await asOperator('GET', '/gamma/payments')).body.totalSize).toBe(3);
});

test('$500 of credit on a bill of $750 leave $250 to pay and no credit', async () => {
  await asOperator('POST', '?accountId=delta&creditUsd=0', {
    email: 'd@d.test',
    paymentMethod: 'MANUAL',
    tier: 'TIER_3',
  });
  await use('delta', 750, lastMonth);
  await closeMonths(plane.context);
  const paid = await asOperator('POST', '/delta:recordPayment', { amountUsd: '500' });
  expect(paid.body).toMatchObject({ outstandingUsd: '250.00', creditUsd: '0.00', tier: 'TIER_3' });
  const { body } = await asOperator('GET', '/delta/invoices');
  expect(body.invoices).toMatchObject([{ state: 'OPEN', dueUsd: '750.00', paidUsd: '500.00' }]);
});

test('credit that is used up suspends an account without a payment method; more credit lifts it', async () => {
  await use('beta', 1, new Date(nowMs));
  await reviewAccounts(plane.context, 'beta');
  expect((await asOperator('GET', '/beta')).body.suspendState).toBe('CREDIT_DEPLETED');
  const refused = await asOperator('POST', '/beta:grantCredit', { amountUsd: '-5' });
  expect(refused.status).toBe(400);
  const granted = await asOperator('POST', '/beta:grantCredit', { amountUsd: '5', description: 'sorry' });
  // Gifts count for no tier.
  expect(granted.body).toMatchObject({ creditUsd: '5.00', paidUsd: '0.00', tier: 'TIER_1' });
  expect((await asOperator('GET', '/beta')).body.suspendState).toBe('UNSUSPENDED');
});

test('a suspended account can deploy nothing, and what it runs is looked at again', async () => {
  await asOperator('POST', '/acme:block', {});
  const refused = await plane.call('POST', '/v1/accounts/acme/supervisedFineTuningJobs', {
    dataset: 'd',
    baseModel: 'accounts/acme/models/m',
  });
  expect(refused.status).toBeGreaterThanOrEqual(400);
  expect((await asOperator('GET', '/acme')).body.suspendState).toBe('BLOCKED_BY_ABUSE_RULE');
  expect((await asOperator('POST', '/acme:unblock', {})).body.suspendState).toBe('UNSUSPENDED');
});

test('an account sees what it used, grouped, and takes it away as CSV', async () => {
  await use('acme', 2, new Date(nowMs));
  await use('acme', 3, new Date(nowMs));
  const { body } = await plane.call('GET', '/v1/accounts/acme:listUsage?groupBy=model,apiKeyId');
  expect(body).toMatchObject({
    totalUsd: '5.00',
    rows: [
      { model: 'accounts/fireworks/models/m', apiKeyId: 'k1', requestCount: '2', costUsd: '5.00', day: '' },
    ],
  });
  const csv = await plane.call('GET', '/v1/accounts/acme:exportUsage?groupBy=user');
  const [head, line] = csv.body.content.split('\r\n');
  expect(head.split(',').indexOf('costUsd')).toBe(line.split(',').indexOf('5.00'));
  expect(line).toContain('accounts/acme/users/root');
  expect((await plane.call('GET', '/v1/accounts/acme:listUsage?groupBy=colour')).status).toBe(400);
});

test('what something would cost is told before', async () => {
  await sql`
    insert into models (name, account, kind, state, is_public, price_class, base_model_details)
    values ('accounts/fireworks/models/m', 'fireworks', 'HF_BASE_MODEL', 'READY', true, 'text-4b-to-16b',
      '{"parameterCount": "8000000000"}')`.execute(plane.database.db);
  const preview = async (body: object) =>
    (await plane.call('POST', '/v1/accounts/acme:previewCost', body)).body;
  expect(await preview({ model: 'm', promptTokens: '1000000', completionTokens: '500000' })).toMatchObject({
    amountUsd: '0.30',
  });
  const gpus = { acceleratorType: 'NVIDIA_H100_80GB', acceleratorCount: '8', durationSeconds: '10' };
  expect(await preview(gpus)).toMatchObject({ amountUsd: '0.12888888' });
  expect(await preview({ baseModel: 'm', trainingTokens: '2000000' })).toMatchObject({ amountUsd: '1.00' });
  expect((await plane.call('POST', '/v1/accounts/acme:previewCost', {})).status).toBe(400);
});

test('accounts can not give themselves a tier, credit or an end of a block', async () => {
  expect((await plane.call('PATCH', '/v1/accounts/acme', { tier: 'UNLIMITED' })).status).toBe(400);
  expect((await plane.call('PATCH', '/v1/accounts/acme', { paymentMethod: 'HOUSE' })).status).toBe(400);
  for (const verb of ['grantCredit', 'recordPayment', 'unblock']) {
    expect((await plane.call('POST', `/v1/accounts/acme:${verb}`, { amountUsd: '5' })).status).toBe(403);
  }
});

test('a key is rotated with an overlap, and tells when it was used', async () => {
  const { body: old } = await plane.call('POST', '/v1/accounts/acme/apiKeys', {
    apiKey: { displayName: 'ci', models: ['m'], readOnly: true },
  });
  const rotated = await plane.call('POST', '/v1/accounts/acme/apiKeys:rotate', {
    keyId: old.keyId,
    overlap: '3600s',
  });
  expect(rotated.body).toMatchObject({
    displayName: 'ci',
    models: ['accounts/acme/models/m'],
    readOnly: true,
  });
  expect(rotated.body.key).not.toBe(old.key);
  for (const { key } of [old, rotated.body]) {
    expect((await plane.call('GET', '/v1/accounts/acme/models', undefined, { key })).status).toBe(200);
  }
  const { body } = await plane.call('GET', '/v1/accounts/acme/apiKeys');
  const listed = body.apiKeys.find(({ keyId }: { keyId: string }) => keyId === old.keyId);
  expect(Date.parse(listed.expireTime)).toBeGreaterThan(nowMs);
  expect(Date.parse(listed.expireTime)).toBeLessThanOrEqual(nowMs + 3_600_000);
  await plane.call('POST', '/v1/accounts/acme/apiKeys:rotate', { keyId: rotated.body.keyId, overlap: '0s' });
  const { key } = rotated.body;
  expect((await plane.call('GET', '/v1/accounts/acme/models', undefined, { key })).status).toBe(401);
});
