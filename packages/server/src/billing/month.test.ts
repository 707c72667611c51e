import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fleet } from '../capacity/fleet.ts';
import { parseUsd } from '../ledger/money.ts';
import { planCost } from '../ledger/plan-cost.ts';
import type { PriceBook } from '../ledger/price-book.ts';
import { SpendLeases } from '../ledger/spend-leases.ts';
import { autoscaleDefaults } from '../reconcile/autoscale/plan-autoscale.ts';
import { type SimulatedDeployment, SimulatedPlane } from '../reconcile/simulation/simulated-plane.ts';
import { writeReplicas } from '../store/deployment-observed.ts';
import { readInvoice } from '../store/invoices.ts';
import { insertReservation, readCountingReservations, readReservedCapacity } from '../store/reservations.ts';
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
 * A month of one account in seconds, by a clock that the test moves: serverless traffic on a base model and
 * on a LoRA, a suspension, a tier upgrade that lifts it in mid-month, and two deployments of 8 GPUs against a
 * reservation of 12 for a day, which the autoscaler's own plan scales by their load. Every figure expected of
 * the invoice is computed here, by hand, from the prices below.
 */

const account = 'acme';
const h100 = 'NVIDIA_H100_80GB';
const virginia = 'US_VIRGINIA_2';
/** Nano-dollars: $0.20 a million tokens, half for cached ones; $5.76 an hour. */
const prices = { prompt: 200, cachedPrompt: 100, completion: 200 };
const gpuPrice = 1_600_000;
const priceBook: PriceBook = {
  tokens: { 'text-4b-to-16b': prices },
  acceleratorSeconds: { [h100]: gpuPrice },
  trainingTokens: [],
};
const base = 'accounts/fireworks/models/base-8b';
const lora = 'accounts/acme/models/my-lora';
const serverless = 'accounts/fireworks/deployments/serverless';
const at = (day: number, hour = 0, minute = 0, second = 0) => Date.UTC(2026, 10, day, hour, minute, second);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let database: TestDatabase;
let nowMs = at(1);
const announced: string[] = [];

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
    prices: priceBook,
    reservationsOf: readReservedCapacity,
    budgetOf: () => ({ limitNanos: parseUsd('5000'), creditOnly: false }),
    now: () => nowMs,
  });

/** Lets the clock run to a moment, with the meter looking every few hours. */
async function passTo(ms: number): Promise<void> {
  while (nowMs < ms) {
    nowMs = Math.min(ms, nowMs + 7 * hourMs);
    await meter();
  }
}

const stepMs = 5 * minuteMs;

/** A fleet of 32 accelerators on which a replica needs one step of the clock to come up. */
const fleet: Fleet = {
  regions: [
    {
      region: virginia,
      launchStatus: 'GENERALLY_AVAILABLE',
      accelerators: [{ type: h100, count: 32, memoryGb: 80, coldStartMs: stepMs, quota: 16 }],
    },
  ],
};

function deploy(id: string, max: number, loadAt: (timeMs: number) => number, beginMs: number) {
  const need = { account, regions: [virginia], acceleratorType: h100, acceleratorCount: 8 };
  const load = (elapsedMs: number) => loadAt(beginMs + elapsedMs);
  return { id, ...need, min: 0, max, policy: autoscaleDefaults, load } satisfies SimulatedDeployment;
}

/**
 * Runs d1 and d2 by their loads: a look of the control plane every five minutes, whose replicas are written
 * as a server does that supervises them, and one of the meter every hour. Returns how many replicas of d2
 * served, and from when on.
 */
async function runDeployments(
  beginMs: number,
  endMs: number,
  loads: { readonly d1: (timeMs: number) => number; readonly d2: (timeMs: number) => number },
): Promise<(readonly [string, number])[]> {
  const startMs = beginMs - stepMs;
  const plane = new SimulatedPlane({
    fleet,
    deployments: [deploy('d1', 1, loads.d1, startMs), deploy('d2', 2, loads.d2, startMs)],
    reservationsAt: (elapsedMs) => readCountingReservations(database.db, new Date(startMs + elapsedMs)),
    slots: 10,
  });
  for (nowMs = beginMs; nowMs <= endMs; nowMs += stepMs) {
    await plane.step(stepMs);
    for (const id of ['d1', 'd2']) {
      const replicas = plane.replicasOf(id).map((replica) => ({
        ...replica,
        state: replica.state === 'ready' ? ('ready' as const) : ('starting' as const),
        placement: plane.inventory.placementOf(replica.id),
      }));
      const time = new Date(nowMs);
      await writeReplicas(database.db, 'n1', `accounts/acme/deployments/${id}`, replicas, { time });
    }
    if (nowMs % hourMs === 0) await meter();
  }
  return plane.history
    .filter(({ deployment }) => deployment === 'd2')
    .map(({ atMs, ready }) => [new Date(startMs + atMs).toISOString().slice(8, 16), ready] as const)
    .filter(([, ready], index, all) => ready !== all[index - 1]?.[1]);
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
  await insertReservation(db, account, {
    name: 'accounts/acme/reservations/a-day',
    region: virginia,
    acceleratorType: h100,
    reservedCount: 12,
    startTime: new Date(at(20)).toISOString(),
    endTime: new Date(at(21)).toISOString(),
  });
});
afterAll(() => database.close());

const tokens = { promptTokens: 900_000, cachedPromptTokens: 300_000, completionTokens: 100_000 };

/** What one request costs, by hand: 17 cents. */
const perRequest = 600_000 * 200 + 300_000 * 100 + 100_000 * 200;
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

test('day 12: tier 1 ends at $50, and the account is suspended', async () => {
  nowMs = at(12, 12);
  await expect(serve(base, 1000, tokens)).rejects.toThrow('spending limit of 50.00 USD');
  expect(await reviewAccounts(billing())).toEqual([
    { account, from: 'UNSUSPENDED', to: 'MONTHLY_SPEND_LIMIT_EXCEEDED' },
  ]);
  expect(announced.sort()).toEqual(['accounts/acme/deployments/d1', 'accounts/acme/deployments/d2']);
  nowMs = at(14);
  expect(await reviewAccounts(billing())).toEqual([]);
  await expect(serve(base, 1, tokens)).rejects.toThrow('suspended');
});

test('day 15: prepaid credit raises the tier, which lifts the suspension', async () => {
  nowMs = at(15, 8);
  announced.length = 0;
  await recordPayment(billing(), payment);
  expect(await standing('2026-11')).toMatchObject({ suspendState: 'UNSUSPENDED', facts: { tier: 'TIER_3' } });
  expect(announced.sort()).toEqual(['accounts/acme/deployments/d1', 'accounts/acme/deployments/d2']);
  // More than was left of tier 1.
  expect(await serve(base, 30, tokens)).toBe(30 * perRequest);
  expect(await serve(lora, 20, tokens)).toBe(20 * perRequest);
});

test('day 20: two deployments of 8 GPUs against a reservation of 12, scaled by their load', async () => {
  await passTo(at(19, 23));
  // Requests at once; a replica takes 8 of its 10 slots. Without any for an hour it is stopped.
  const d1 = (timeMs: number) => (timeMs < at(20, 23) ? 5 : 0);
  const d2 = (timeMs: number) => {
    if (timeMs >= at(20, 23, 10)) return 0;
    return timeMs >= at(20, 6) && timeMs < at(20, 7, 30) ? 16 : 5;
  };
  expect(await runDeployments(at(20), at(21, 1), { d1, d2 })).toEqual([
    ['20T00:00', 0],
    ['20T00:05', 1],
    ['20T06:05', 2],
    // Ten minutes below the target.
    ['20T07:40', 1],
    ['21T00:10', 0],
  ]);
  await passTo(at(29));
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
  // Requests reserve twice their cost here: the 293rd found 34 of the last 36 cents free, the 294th did not.
  const day12 = 293 - 50;
  // Both serve from 00:05 on, d1 to midnight on 8 reserved GPUs; d2 has the other 4 and pays for 4 more, for
  // its second replica from 06:05 to 07:40, and for all 8 in the ten minutes after the reservation.
  const daySeconds = 86_400 - 300;
  expect(lines).toEqual([
    line('2026-11-02', 'inference', lora, serverless, served('key-b', 10)),
    line('2026-11-02', 'inference', base, serverless, served('key-a', 40)),
    line('2026-11-12', 'inference', base, serverless, served('key-a', day12)),
    line('2026-11-15', 'inference', lora, serverless, served('key-b', 20)),
    line('2026-11-15', 'inference', base, serverless, served('key-a', 30)),
    line('2026-11-20', 'gpu', base, d2, gpu(4 * daySeconds + 8 * 95 * 60)),
    line('2026-11-20', 'reserved-gpu', base, d1, { gpuSeconds: 8 * daySeconds }),
    line('2026-11-20', 'reserved-gpu', base, d2, { gpuSeconds: 4 * daySeconds }),
    line('2026-11-21', 'gpu', base, d2, gpu(8 * 600)),
  ]);
  // 343 requests at $0.17 are $58.31, 394,800 GPU-seconds at $0.0016 are $631.68; $600 were prepaid.
  dueNanos = parseUsd('89.99');
  expect(invoice).toMatchObject({
    name: 'accounts/acme/invoices/i-2026-11',
    state: 'OPEN',
    subtotalNanos: parseUsd('689.99'),
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
