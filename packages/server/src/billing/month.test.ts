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
import { readUsage } from '../store/usage-report.ts';
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
  const [standing] = await readStandings(database.db, '2026-11', account);
  const { tier } = standing!.facts;
  const limits: Record<string, bigint> = {
    TIER_1: parseUsd('50'),
    TIER_2: parseUsd('500'),
    TIER_3: parseUsd('5000'),
  };
  const limit = limits[tier]!;
  const source = createLeaseSource(database.db, 'g1', () => ({ limitNanos: limit, creditOnly: false }));
  const suspension = standing!.suspendState === 'UNSUSPENDED' ? null : standing!.suspendState;
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

test('a month is billed to the nano-dollar, line by line', async () => {
  // Day 2: 40 requests on the base model, 10 on a LoRA at the price of its base.
  nowMs = at(2, 9);
  const perRequest = 600_000 * prices.prompt + 300_000 * prices.cachedPrompt + 100_000 * prices.completion;
  expect(await serve(base, 40, tokens)).toBe(40 * perRequest);
  expect(await serve(lora, 10, tokens)).toBe(10 * perRequest);

  // Day 5: tier 1 ends at $50. What does not fit is refused, the account is suspended, credit lifts it.
  nowMs = at(5, 12);
  const day5 = Math.floor((50e9 - 50 * perRequest) / perRequest) - 1;
  await expect(serve(base, 1000, tokens)).rejects.toThrow('spending limit of 50.00 USD');
  expect(await reviewAccounts(billing())).toEqual([
    { account, from: 'UNSUSPENDED', to: 'MONTHLY_SPEND_LIMIT_EXCEEDED' },
  ]);
  expect(announced.sort()).toEqual(['accounts/acme/deployments/d1', 'accounts/acme/deployments/d2']);
  await expect(serve(base, 1, tokens)).rejects.toThrow('suspended');
  const deposit = { account, id: 'p1', kind: 'payment', state: 'SUCCEEDED', provider: 'manual' } as const;
  const payment = { ...deposit, amountNanos: parseUsd('600'), description: 'credit', failedInvoice: null };
  await recordPayment(billing(), payment);
  expect((await readStandings(database.db, '2026-11', account))[0]).toMatchObject({
    suspendState: 'UNSUSPENDED',
    facts: { tier: 'TIER_3' },
  });

  // Day 10, all day: two deployments of 8 GPUs against a reservation of 12: 4 are metered.
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

  // December: usage of November that arrives in time is billed with it, what comes later with December.
  nowMs = Date.UTC(2026, 11, 1, 0, 30);
  await meter();
  expect(await closeMonths(billing())).toEqual([]);
  nowMs = Date.UTC(2026, 11, 1, 2);
  const [invoice] = await closeMonths(billing());
  expect(await closeMonths(billing())).toEqual([]);

  const line = (
    day: string,
    kind: string,
    model: string,
    deployment: string,
    apiKeyId: string,
    rest: object,
  ) => ({
    day,
    kind,
    item: kind.endsWith('gpu') ? h100 : '',
    model,
    deployment,
    apiKeyId,
    user: kind === 'inference' ? 'accounts/acme/users/u' : '',
    requestCount: 0,
    promptTokens: 0,
    cachedPromptTokens: 0,
    completionTokens: 0,
    trainingTokens: 0,
    gpuSeconds: 0,
    costNanos: 0n,
    ...rest,
  });
  const served = (count: number) => ({
    requestCount: count,
    promptTokens: count * 900_000,
    cachedPromptTokens: count * 300_000,
    completionTokens: count * 100_000,
    costNanos: BigInt(count * perRequest),
  });
  const gpu = (gpuSeconds: number) => ({ gpuSeconds, costNanos: BigInt(gpuSeconds * gpuPrice) });
  const [d1, d2] = ['accounts/acme/deployments/d1', 'accounts/acme/deployments/d2'];
  const groupBy = ['day', 'kind', 'item', 'model', 'deployment', 'apiKeyId', 'user'] as const;
  const lines = await readUsage(database.db, account, { billingPeriod: '2026-11', groupBy });
  const day5Requests = lines.find((row) => row.day === '2026-11-05')!.requestCount;
  // The last requests before the limit reserve twice their cost.
  expect(Math.abs(day5Requests - day5)).toBeLessThanOrEqual(1);
  expect(lines).toEqual([
    line('2026-11-02', 'inference', lora, serverless, 'key-b', served(10)),
    line('2026-11-02', 'inference', base, serverless, 'key-a', served(40)),
    line('2026-11-05', 'inference', base, serverless, 'key-a', served(day5Requests)),
    line('2026-11-10', 'gpu', base, d2, '', gpu(4 * 86_400 + 8 * 5_400)),
    line('2026-11-10', 'reserved-gpu', base, d1, '', { gpuSeconds: 8 * 86_400 }),
    line('2026-11-10', 'reserved-gpu', base, d2, '', { gpuSeconds: 4 * 86_400 }),
    line('2026-11-11', 'gpu', base, d2, '', gpu(8 * 605)),
  ]);

  const subtotal = (50 + day5Requests) * perRequest + (4 * 86_400 + 8 * 5_400 + 8 * 605) * gpuPrice;
  const due = Math.round((subtotal - 600e9) / 1e7) * 1e7;
  expect(due).toBeGreaterThan(0);
  expect(invoice).toMatchObject({
    name: 'accounts/acme/invoices/2026-11',
    state: 'OPEN',
    subtotalNanos: BigInt(subtotal),
    creditNanos: parseUsd('600'),
    dueNanos: BigInt(due),
  });

  // Paid late: it fails, the account is suspended until it is paid.
  nowMs = Date.UTC(2027, 0, 1);
  await closeMonths(billing());
  await reviewAccounts(billing());
  expect((await readStandings(database.db, '2027-01', account))[0]!.suspendState).toBe('FAILED_PAYMENTS');
  const rest = { ...payment, id: 'p2', amountNanos: BigInt(due), description: 'November' };
  await recordPayment(billing(), rest);
  await recordPayment(billing(), rest);
  expect((await readStandings(database.db, '2027-01', account))[0]).toMatchObject({
    suspendState: 'UNSUSPENDED',
    facts: { balanceNanos: 0n },
    paidNanos: BigInt(due) + parseUsd('600'),
  });
  expect(await readInvoice(database.db, invoice!.name)).toMatchObject({
    state: 'PAID',
    paidNanos: BigInt(due),
  });
  const { rows } = await sql<{ sum: string }>`
    select sum(amount_nanos)::text as sum from ledger_entries`.execute(database.db);
  expect(rows[0]!.sum).toBe('0');
});

test('usage that arrives after its month was billed is on the next invoice', async () => {
  nowMs = at(30, 23, 59);
  await recordPayment(billing(), {
    account,
    id: 'p3',
    kind: 'payment',
    state: 'SUCCEEDED',
    amountNanos: parseUsd('1000'),
    provider: 'manual',
    description: '',
    failedInvoice: null,
  });
  const cost = await serve(base, 1, tokens);
  nowMs = Date.UTC(2027, 0, 2);
  await closeMonths(billing());
  expect(await readInvoice(database.db, 'accounts/acme/invoices/2026-12')).toMatchObject({
    subtotalNanos: BigInt(cost),
    creditNanos: BigInt(cost),
    dueNanos: 0n,
    state: 'PAID',
  });
});
