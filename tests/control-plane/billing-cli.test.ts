import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firectl } from '../../packages/cli/src/testing.ts';
import { closeMonths } from '../../packages/server/src/billing/close-months.ts';
import { beginGateway } from '../../packages/server/src/store/gateways.ts';
import { settleUsage } from '../../packages/server/src/store/settle-usage.ts';
import { createLeaseSource } from '../../packages/server/src/store/spend-leases.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** An operator's day with firectl: an account from its first credit to its first bill. */

/** In the middle of a month: in its first hour the bills of the last one are not made yet. */
const nowMs = Date.UTC(2026, 6, 15, 12);

let plane: ControlPlane;
let environment: NodeJS.ProcessEnv;
beforeAll(async () => {
  plane = await startControlPlane({}, { now: () => nowMs });
  environment = {
    FIREWORKS_API_KEY: await plane.makeUser('local', 'root', 'admin'),
    FIREWORKS_API_BASE: plane.baseUrl,
    FIREWORKS_CONFIG_DIR: join(plane.database.folder, 'config'),
  };
});
afterAll(() => plane.close());

const run = async (...args: string[]) => {
  const { out, note, code } = await firectl(args, environment);
  expect([note, code]).toEqual([expect.any(String), 0]);
  return out;
};

test('an account is made, gets credit, pays, uses, and is billed', async () => {
  expect(await run('create', 'account', 'beta', '--email', 'b@beta.test')).toContain('accounts/beta');
  expect(await run('grant-credit', 'beta', '--amount', '20')).toContain('21.00');
  expect(await run('record-payment', 'beta', '--amount', '60', '--request-id', 'bank-1')).toContain('81.00');
  // $60 paid is more than the $50 of tier 2.
  expect(await run('balance', 'beta')).toContain('TIER_2');
  expect(await run('set-tier', 'beta', 'tier_3')).toContain('TIER_3');
  expect(await run('update', 'account', 'beta', '--payment-method', 'MANUAL')).toContain('MANUAL');

  const time = new Date(Date.UTC(2026, 5, 15));
  const names = {
    user: 'accounts/beta/users/u',
    apiKeyId: 'k',
    model: 'accounts/beta/models/m',
    deployment: 'd',
  };
  const tokens = { promptTokens: 10, cachedPromptTokens: 0, completionTokens: 5 };
  const usage = { requestId: 'r', account: 'beta', ...names, ...tokens, period: '', costNanos: 100e9, time };
  await plane.database.db.transaction().execute((transaction) => settleUsage(transaction, 'g', [usage]));
  await closeMonths(plane.context);
  const month = time.toISOString().slice(0, 7);
  const since = ['--start-time', `${month}-01T00:00:00Z`];
  expect(await run('usage-report', 'beta', ...since, '--group-by', 'model')).toContain('100.00');
  expect(await run('usage-report', 'beta', ...since, '--format', 'csv')).toMatch(/^day,kind,item,model,/);
  expect(await run('list', 'invoices', '-a', 'beta')).toContain('19.00');
  expect(await run('get', 'invoice', `i-${month}`, '-a', 'beta')).toContain('accounts/beta/models/m');
  expect(await run('download-invoice', `i-${month}`, '-a', 'beta')).toContain('<!doctype html>');
  expect(await run('record-payment', 'beta', '--amount', '19')).not.toContain('Outstanding Usd: 19');
  expect(await run('list', 'payments', '-a', 'beta')).toContain('19.00');
  expect(await run('block-account', 'beta')).toContain('BLOCKED_BY_ABUSE_RULE');
  expect(await run('unblock-account', 'beta')).not.toContain('BLOCKED_BY_ABUSE_RULE');
});

test('costs are told before, keys are rotated, wrong amounts never leave the machine', async () => {
  const gpus = ['--accelerator-type', 'NVIDIA_H100_80GB', '--duration-seconds', '10'];
  expect(await run('preview-cost', ...gpus)).toContain('0.01611111');
  const made = JSON.parse(await run('create', 'api-key', '--display-name', 'ci', '-o', 'json'));
  const rotated = JSON.parse(await run('rotate-api-key', made.keyId, '--overlap', '60s', '-o', 'json'));
  expect(rotated).toMatchObject({ displayName: 'ci' });
  expect(rotated.key).not.toBe(made.key);
  expect((await firectl(['grant-credit', 'beta', '--amount', 'ten'], environment)).code).toBe(2);
});

test('gateways are listed with what they hold, and one that never comes back is settled', async () => {
  const { db } = plane.database;
  for (const node of ['g-lost', 'g-here']) await beginGateway(db, node, 'host-7');
  await sql`update gateways set seen_time = '2020-01-01' where node = 'g-lost'`.execute(db);
  await createLeaseSource(db, 'g-lost', () => ({ limitNanos: 50_000_000_000n, creditOnly: false })).extend(
    'acme',
    '2026-07',
    20_000_000,
  );
  const listed = await run('list-gateways');
  expect(listed).toMatch(/g-lost +host-7 +SILENT +0\.02/);
  // By the clock of this test it may be silent or not.
  expect(listed).toMatch(/g-here +host-7 +(SERVING|SILENT) +0\.00/);
  expect(await run('settle-gateway', 'g-lost')).toContain('GONE');
  // It spoke a moment ago, and the other is not known.
  for (const gateway of ['g-here', 'g-never']) {
    const { code, note } = await firectl(['settle-gateway', gateway], environment);
    expect([code, note]).toEqual([expect.any(Number), expect.stringContaining(gateway)]);
    expect(code).not.toBe(0);
  }
});
