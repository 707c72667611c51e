import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { documentedFleet, type Fleet, loadFleet, nameQuota } from './fleet.ts';
import { Inventory } from './inventory.ts';
import { planMemory } from './plan-memory.ts';
import type { ActiveReservation, ReplicaNeed } from './plan-placement.ts';

const h100 = 'NVIDIA_H100_80GB';
const [virginia, iowa] = ['US_VIRGINIA_2', 'US_IOWA_1'] as const;

const fleet: Fleet = {
  regions: [
    {
      region: virginia,
      launchStatus: 'GENERALLY_AVAILABLE',
      accelerators: [{ type: h100, count: 24, memoryGb: 80, coldStartMs: 1_000, quota: 16 }],
    },
    {
      region: iowa,
      launchStatus: 'ENTERPRISE_ONLY',
      accelerators: [{ type: h100, count: 8, memoryGb: 80, coldStartMs: 1_000 }],
    },
  ],
  stockOuts: [{ region: virginia, type: h100, count: 20, fromMs: 1_000, untilMs: 2_000 }],
  spotLosses: [{ region: virginia, type: h100, count: 4, atMs: 5_000 }],
};

function open(reservations: readonly ActiveReservation[] = [], hoursSpent = new Set<string>()) {
  let nowMs = 0;
  const inventory = new Inventory({
    fleet,
    now: () => nowMs,
    readReservations: async () => reservations,
    readQuotas: async () => new Map(),
    readHoursSpent: async () => hoursSpent,
  });
  const at = (ms: number) => {
    nowMs = ms;
  };
  return { inventory, at };
}

function need(change: Partial<ReplicaNeed> = {}): ReplicaNeed {
  const wanted = { regions: [virginia], acceleratorType: h100, acceleratorCount: 8, isRevocable: false };
  return { account: 'acme', ...wanted, ...change };
}

const reserve = (account: string, count: number, region: string = virginia): ActiveReservation => ({
  account,
  region,
  acceleratorType: h100,
  count,
});

describe('accelerators', () => {
  test('are taken from the reservation first: 12 reserved, two replicas of 8, 4 on demand', async () => {
    const { inventory } = open([reserve('acme', 12)]);
    const first = await inventory.take('r1', need());
    const second = await inventory.take('r2', need());
    expect(first?.placement).toMatchObject({ reserved: 8, onDemand: 0 });
    expect(second?.placement).toMatchObject({ reserved: 4, onDemand: 4 });
    inventory.release('r1');
    expect((await inventory.take('r3', need()))?.placement).toMatchObject({ reserved: 8, onDemand: 0 });
  });

  test('on demand end at the quota, and the reason shows the sum', async () => {
    const { inventory } = open();
    expect(await inventory.preview(need(), 3)).toEqual({
      fits: 2,
      reason: `${virginia}: 16 in use + 8 wanted on demand > quota 16 (0 more come from a reservation)`,
    });
  });

  test('that somebody reserved are kept for them', async () => {
    const { inventory } = open([reserve('beta', 16)]);
    expect((await inventory.preview(need(), 2)).fits).toBe(1);
    await inventory.take('r1', need());
    expect(await inventory.preview(need(), 1)).toEqual({
      fits: 0,
      reason: `${virginia}: 8 wanted, 24 ${h100} - 8 in use - 0 out of stock = 16 free, 16 kept for reservations`,
    });
    expect((await inventory.preview(need({ account: 'beta' }), 2)).fits).toBe(2);
  });

  test('out of stock come back when the stock-out is over', async () => {
    const { inventory, at } = open();
    at(1_500);
    const { fits, reason } = await inventory.preview(need(), 1);
    expect([fits, reason]).toEqual([
      0,
      expect.stringContaining('24 NVIDIA_H100_80GB - 0 in use - 20 out of stock = 4 free'),
    ]);
    at(2_000);
    expect((await inventory.preview(need(), 1)).fits).toBe(1);
  });

  test('of an enterprise region are for those with a reservation there', async () => {
    const there = need({ regions: [iowa] });
    expect((await open().inventory.preview(there, 1)).reason).toContain('for enterprises');
    expect((await open([reserve('acme', 8, iowa)]).inventory.preview(there, 1)).fits).toBe(1);
    const anywhere = need({ regions: [] });
    const placed = await open([reserve('acme', 8, iowa)]).inventory.take('r1', anywhere);
    expect(placed?.placement).toMatchObject({ region: iowa, reserved: 8 });
  });

  test('that are revocable yield to firm replicas and to the fleet', async () => {
    const { inventory, at } = open();
    for (const id of ['s1', 's2', 's3']) await inventory.take(id, need({ account: id, isRevocable: true }));
    const firm = await inventory.take('r1', need());
    expect(firm).toMatchObject({ placement: { onDemand: 8 }, revoked: ['s3'] });
    expect(inventory.placementOf('s3')).toBeNull();
    at(5_000);
    expect(inventory.takeLosses()).toEqual(['s2']);
    expect(inventory.takeLosses()).toEqual([]);
  });

  test('are never used twice, whatever is asked for', async () => {
    const action = fc.record({
      account: fc.constantFrom('acme', 'beta', 'gamma'),
      acceleratorCount: fc.integer({ min: 1, max: 8 }),
      isRevocable: fc.boolean(),
      releases: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), fc.nat(12), async (actions, reserved) => {
        const { inventory } = open(reserved === 0 ? [] : [reserve('beta', reserved)]);
        const held = new Set<string>();
        for (const [index, { releases, ...wanted }] of actions.entries()) {
          const [oldest] = held;
          if (releases && oldest !== undefined) {
            inventory.release(oldest);
            held.delete(oldest);
          }
          const taken = await inventory.take(`r${index}`, need(wanted));
          for (const id of taken?.revoked ?? []) held.delete(id);
          if (taken !== null) held.add(`r${index}`);
          const claims = [...held].map((id) => inventory.placementOf(id)!);
          const total = claims.reduce((sum, one) => sum + one.reserved + one.onDemand + one.revocable, 0);
          expect(total).toBeLessThanOrEqual(24);
          const betas = claims.reduce((sum, one) => sum + one.reserved, 0);
          expect(betas).toBeLessThanOrEqual(reserved);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('a model needs as few accelerators as it fits on, twice that for long prompts', () => {
  const question = { parameterCount: 70e9, precision: 'FP16', longPrompt: false, memoryGb: 80 };
  expect(planMemory(question)).toEqual({
    count: 3,
    arithmetic: '70.0B parameters x 2 bytes x 1.2 = 168.0 GB, at 80 GB each 3 are needed',
  });
  expect(planMemory({ ...question, precision: 'FP8' }).count).toBe(2);
  expect(planMemory({ ...question, longPrompt: true }).count).toBe(5);
  expect(planMemory({ ...question, parameterCount: 135e6 }).count).toBe(1);
});

test('the built-in fleet has the regions of the documentation', () => {
  const { regions } = loadFleet(documentedFleet);
  expect(regions.find(({ region }) => region === 'EU_PARIS_1')?.accelerators[0]?.type).toBe(
    'NVIDIA_H200_141GB',
  );
  expect(nameQuota('US_IOWA_1', h100)).toBe('h100-us-iowa-1');
});

describe('an account that used its accelerator hours of the month', () => {
  test('keeps what is reserved and loses the rest; others go on', async () => {
    const spent = new Set<string>();
    const { inventory } = open([reserve('acme', 8)], spent);
    await inventory.take('r1', need());
    await inventory.take('r2', need());
    await inventory.take('other', need({ account: 'other', acceleratorCount: 4 }));
    const ids = ['r1', 'r2', 'other'];
    expect(await inventory.findOverHours('acme', ids)).toEqual(new Set());
    spent.add('acme');
    expect(await inventory.findOverHours('acme', ['r1', 'r2'])).toEqual(new Set(['r2']));
    expect(await inventory.findOverHours('other', ['other'])).toEqual(new Set());
    inventory.release('r2');
    const room = await inventory.preview(need(), 1);
    expect(room).toMatchObject({ fits: 0, reason: expect.stringContaining('quota gpu-hours-per-month') });
    expect(await inventory.take('r3', need({ isRevocable: true }))).toBeNull();
    expect(await inventory.take('r4', need({ account: 'other', acceleratorCount: 4 }))).not.toBeNull();
  });
});
