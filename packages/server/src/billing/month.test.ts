import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseUsd } from '../ledger/money.ts';
import { planCost } from '../ledger/plan-cost.ts';
import type { ReservedCapacity } from '../ledger/plan-gpu-charges.ts';
import { defaultPriceBook, findTokenPrices } from '../ledger/price-book.ts';
import { SpendLeases } from '../ledger/spend-leases.ts';
import { readInvoice } from '../store/invoices.ts';
import { closeServing, openServing } from '../store/serving-intervals.ts';
import { type CostlyUsage, settleUsage } from '../store/settle-usage.ts';
import { createLeaseSource } from '../store/spend-leases.ts';
import { readStandings } from '../store/standing-facts.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing.ts';
import { readUsage, usageDimensions } from '../store/usage-report.ts';
import { closeMonths } from './close-months.ts';
import { meterGpus } from './meter-gpus.ts';
import { recordPayment } from './record-payment.ts';
import { reviewAccounts } from './review-accounts.ts';

/**
 * A month of one account in seconds: serverless traffic on a base model and on a LoRA, two deployments of 8
 * GPUs against a reservation of 12 for a day, autoscaling, a tier upgrade, a suspension and its end. What the
 * invoice says is computed here a second time, by hand.
 */

const account = 'acme';
const h100 = 'NVIDIA_H100_80GB';
const gpuPrice = defaultPriceBook.acceleratorSeconds[h100]!;
const prices = findTokenPrices(defaultPriceBook, 'text-4b-to-16b');
const base = 'accounts/fireworks/models/base-8b';
const lora = 'accounts/acme/models/my-lora';
const serverless = 'accounts/fireworks/deployments/serverless';
const at = (day: number, hour = 0, minute = 0, second = 0) => Date.UTC(2026, 10, day, hour, minute, second);
const seconds = (ms: number) => ms / 1000;

let database: TestDatabase;
let nowMs = at(1);
const announced: string[] = [];
const reservation: ReservedCapacity = {
  region: '',
  acceleratorType: h100,
  count: 12,
  from: seconds(at(10)),
  to: seconds(at(11)),
};

const billing = () => ({
  db: database.db,
  queue: {
    request: async ({ name }: { name: string }) => {
      announced.push(name);
    },
  },
  now: () => nowMs,
});

const meter = () =>
  meterGpus({
    db: database.db,
    node: 'n1',
    prices: defaultPriceBook,
    reservationsOf: async () => [reservation],
    budgetOf: () => ({ limitNanos: parseUsd('5000'), creditOnly: false }),
    now: () => nowMs,
  });

/** Lets the clock run to a moment, with the meter looking every few hours. */
async function passTo(ms: number): Promise<void> {
  while (nowMs < ms) {
    nowMs = Math.min(ms, nowMs + 7 * 3_600_000);
    await meter();
  }
}

async function scale(deployment: string, replica: string, serves: boolean): Promise<void> {
  const time = new Date(nowMs);
  if (serves) await openServing(database.db, 'n1', replica, `accounts/acme/deployments/${deployment}`, time);
  else await closeServing(database.db, [replica], time);
}

let requests = 0;

/** Serves requests as a gateway does: a reservation first, then the usage row. Returns what they cost. */
async function serve(model: string, count: number, tokens: Parameters<typeof planCost>[1]): Promise<number> {
  const [found] = await readStandings(database.db, '2026-11', account);
  const { tier } = found!.facts;
  const limits: Record<string, bigint> = {
    TIER_1: parseUsd('50'),
    TIER_2: parseUsd('500'),
    TIER_3: parseUsd('5000'),
  };
  const limit = limits[tier]!;
  const source = createLeaseSource(database.db, 'g1', () => ({ limitNanos: limit, creditOnly: false }));
  const suspension = found!.suspendState === 'UNSUSPENDED' ? null : found!.suspendState;
  const standingOf = () => ({ monthlyLimitNanos: limit, suspension });
  const leases = new SpendLeases({ source, standingOf, now: () => nowMs });
  const cost = planCost(prices, tokens);
  let spent = 0;
  const stored: CostlyUsage[] = [];
  try {
    for (let index = 0; index < count; index += 1) {
      const reserved = await leases.reserve(account, cost * 2);
      reserved.settle(cost);
      spent += cost;
      requests += 1;
      stored.push({
        requestId: `r${requests}`,
        account,
        user: 'accounts/acme/users/u',
        apiKeyId: model === lora ? 'key-b' : 'key-a',
        model,
        deployment: serverless,
        period: reserved.period,
        costNanos: cost,
        time: new Date(nowMs),
        ...tokens,
      });
    }
  } finally {
    await database.db.transaction().execute((transaction) => settleUsage(transaction, 'g1', stored));
    await leases.close();
  }
  return spent;
}

beforeAll(async () => {
  database = await openTestDatabase();
  const { db } = database;
  await sql`insert into accounts (id, tier) values ('fireworks', 'UNLIMITED'), ('acme', 'TIER_1')`.execute(
    db,
  );
  await sql`
    insert into models (name, account, kind, state) values (${base}, 'fireworks', 'HF_BASE_MODEL', 'READY')`.execute(
    db,
  );
  for (const id of ['d1', 'd2']) {
    await sql`
      insert into deployments (name, account, base_model, details)
      values (${`accounts/acme/deployments/${id}`}, 'acme', ${base},
        ${JSON.stringify({ acceleratorType: h100, acceleratorCount: 8 })}::jsonb)`.execute(db);
  }
});
afterAll(() => database.close());

const tokens = { promptTokens: 900_000, cachedPromptTokens: 300_000, completionTokens: 100_000 };

/** What one request costs, by hand. */
const perRequest = 600_000 * prices.prompt + 300_000 * prices.cachedPrompt + 100_000 * prices.completion;
const payment = {
  account,
  id: 'p1',
  kind: 'payment',
  state: 'SUCCEEDED',
  amountNanos: parseUsd('600'),
  provider: 'manual',
  description: 'credit',
  failedInvoice: null,
} as const;
const standing = async (period: string) => (await readStandings(database.db, period, account))[0];

test('day 2: serverless traffic, a LoRA at the price of its base', async () => {
  nowMs = at(2, 9);
  expect(await serve(base, 40, tokens)).toBe(40 * perRequest);
  expect(await serve(lora, 10, tokens)).toBe(10 * perRequest);
});

test('day 5: tier 1 ends at $50; the account is suspended, and prepaid credit lifts it into tier 3', async () => {
  nowMs = at(5, 12);
  await expect(serve(base, 1000, tokens)).rejects.toThrow('spending limit of 50.00 USD');
  expect(await reviewAccounts(billing())).toEqual([
    { account, from: 'UNSUSPENDED', to: 'MONTHLY_SPEND_LIMIT_EXCEEDED' },
  ]);
  expect(announced.sort()).toEqual(['accounts/acme/deployments/d1', 'accounts/acme/deployments/d2']);
  await expect(serve(base, 1, tokens)).rejects.toThrow('suspended');
  await recordPayment(billing(), payment);
  expect(await standing('2026-11')).toMatchObject({
    suspendState: 'UNSUSPENDED',
    facts: { tier: 'TIER_3' },
  });
});

test('day 10: two deployments of 8 GPUs, one of them scaled, against a reservation of 12', async () => {
  await passTo(at(10));
  await scale('d1', 'r-d1', true);
  await scale('d2', 'r-d2', true);
  // d2 gets a second replica for 90 minutes: 8 more, all metered.
  await passTo(at(10, 6));
  await scale('d2', 'r-d2-b', true);
  await passTo(at(10, 7, 30));
  await scale('d2', 'r-d2-b', false);
  await passTo(at(11));
  await scale('d1', 'r-d1', false);
  // The reservation is over: d2 serves until 00:10:05 and everything is metered.
  await passTo(at(11, 0, 10, 5));
  await scale('d2', 'r-d2', false);
  await passTo(at(20));
});

/** A line of the invoice; counts that are left out are zero. */
function line(day: string, kind: string, model: string, deployment: string, rest: object): object {
  return {
    day,
    kind,
    item: kind.endsWith('gpu') ? h100 : '',
    model,
    deployment,
    apiKeyId: '',
    user: kind === 'inference' ? 'accounts/acme/users/u' : '',
    requestCount: 0,
    promptTokens: 0,
    cachedPromptTokens: 0,
    completionTokens: 0,
    trainingTokens: 0,
    gpuSeconds: 0,
    costNanos: 0n,
    ...rest,
  };
}

const served = (apiKeyId: string, count: number) => ({
  apiKeyId,
  requestCount: count,
  promptTokens: count * 900_000,
  cachedPromptTokens: count * 300_000,
  completionTokens: count * 100_000,
  costNanos: BigInt(count * perRequest),
});
const gpu = (gpuSeconds: number) => ({ gpuSeconds, costNanos: BigInt(gpuSeconds * gpuPrice) });

let dueNanos = 0n;

test('the invoice is right to the nano-dollar, line by line', async () => {
  // Usage of November that arrives within an hour is billed with it.
  nowMs = Date.UTC(2026, 11, 1, 0, 30);
  await meter();
  expect(await closeMonths(billing())).toEqual([]);
  nowMs = Date.UTC(2026, 11, 1, 2);
  const [invoice] = await closeMonths(billing());
  expect(await closeMonths(billing())).toEqual([]);
  const [d1, d2] = ['accounts/acme/deployments/d1', 'accounts/acme/deployments/d2'];
  const lines = await readUsage(database.db, account, { billingPeriod: '2026-11', groupBy: usageDimensions });
  // Requests reserve twice their cost here, so the last one that fits leaves less than two of them.
  const day5 = Math.floor(50e9 / perRequest) - 50 - 1;
  expect(lines).toEqual([
    line('2026-11-02', 'inference', lora, serverless, served('key-b', 10)),
    line('2026-11-02', 'inference', base, serverless, served('key-a', 40)),
    line('2026-11-05', 'inference', base, serverless, served('key-a', day5)),
    line('2026-11-10', 'gpu', base, d2, gpu(4 * 86_400 + 8 * 5_400)),
    line('2026-11-10', 'reserved-gpu', base, d1, { gpuSeconds: 8 * 86_400 }),
    line('2026-11-10', 'reserved-gpu', base, d2, { gpuSeconds: 4 * 86_400 }),
    line('2026-11-11', 'gpu', base, d2, gpu(8 * 605)),
  ]);
  const subtotal = (50 + day5) * perRequest + (4 * 86_400 + 8 * 5_400 + 8 * 605) * gpuPrice;
  dueNanos = BigInt(Math.round((subtotal - 600e9) / 1e7) * 1e7);
  expect(dueNanos).toBeGreaterThan(0n);
  expect(invoice).toMatchObject({
    name: 'accounts/acme/invoices/i-2026-11',
    state: 'OPEN',
    subtotalNanos: BigInt(subtotal),
    creditNanos: parseUsd('600'),
    dueNanos,
  });
});

test('an invoice that is not paid in time suspends the account until it is paid, once', async () => {
  nowMs = Date.UTC(2027, 0, 1);
  await closeMonths(billing());
  await reviewAccounts(billing());
  expect((await standing('2027-01'))?.suspendState).toBe('FAILED_PAYMENTS');
  const rest = { ...payment, id: 'p2', amountNanos: dueNanos, description: 'November' };
  await recordPayment(billing(), rest);
  await recordPayment(billing(), rest);
  expect(await standing('2027-01')).toMatchObject({
    suspendState: 'UNSUSPENDED',
    facts: { balanceNanos: 0n },
    paidNanos: dueNanos + parseUsd('600'),
  });
  const invoice = await readInvoice(database.db, 'accounts/acme/invoices/i-2026-11');
  expect(invoice).toMatchObject({ state: 'PAID', paidNanos: dueNanos });
  const { rows } = await sql<{ sum: string }>`
    select sum(amount_nanos)::text as sum from ledger_entries`.execute(database.db);
  expect(rows[0]!.sum).toBe('0');
});

test('usage that arrives after its month was billed is on the next invoice', async () => {
  nowMs = at(30, 23, 59);
  await recordPayment(billing(), { ...payment, id: 'p3', amountNanos: parseUsd('1000') });
  const cost = await serve(base, 1, tokens);
  nowMs = Date.UTC(2027, 0, 2);
  await closeMonths(billing());
  expect(await readInvoice(database.db, 'accounts/acme/invoices/i-2026-12')).toMatchObject({
    subtotalNanos: BigInt(cost),
    creditNanos: BigInt(cost),
    dueNanos: 0n,
    state: 'PAID',
  });
});
