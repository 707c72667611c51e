import { describe, expect, test } from 'vitest';
import type { Fleet } from '../../capacity/fleet.ts';
import { type AutoscalePolicy, autoscaleDefaults } from '../autoscale/plan-autoscale.ts';
import { type SimulatedDeployment, SimulatedPlane } from './simulated-plane.ts';

const h100 = 'NVIDIA_H100_80GB';
const [virginia, paris] = ['US_VIRGINIA_2', 'EU_PARIS_1'] as const;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

function makeFleet(change: Partial<Fleet> = {}): Fleet {
  const pool = { type: h100, memoryGb: 80, coldStartMs: 2 * minuteMs, quota: 16 } as const;
  return {
    regions: [
      { region: virginia, launchStatus: 'GENERALLY_AVAILABLE', accelerators: [{ ...pool, count: 8 }] },
      { region: paris, launchStatus: 'GENERALLY_AVAILABLE', accelerators: [{ ...pool, count: 4 }] },
    ],
    ...change,
  };
}

function deployment(id: string, change: Partial<SimulatedDeployment>): SimulatedDeployment {
  return {
    id,
    account: id,
    regions: [virginia],
    acceleratorType: h100,
    acceleratorCount: 1,
    min: 0,
    max: 4,
    policy: autoscaleDefaults,
    load: () => 0,
    ...change,
  };
}

async function run(
  deployments: readonly SimulatedDeployment[],
  lengthMs: number,
  options: {
    readonly fleet?: Fleet;
    readonly stepMs?: number;
    readonly reserved?: readonly [string, number][];
  } = {},
): Promise<SimulatedPlane> {
  const { fleet = makeFleet(), stepMs = minuteMs, reserved = [] } = options;
  const reservations = reserved.map(([account, count]) => ({
    account,
    region: virginia,
    acceleratorType: h100,
    count,
  }));
  const plane = new SimulatedPlane({ fleet, deployments, slots: 10, reservationsAt: () => reservations });
  for (let passed = 0; passed < lengthMs; passed += stepMs) await plane.step(stepMs);
  return plane;
}

const at = (plane: SimulatedPlane, id: string, ms: number) =>
  plane.history.findLast((entry) => entry.deployment === id && entry.atMs <= ms)!;

describe('a control plane of two regions', () => {
  test('lives through a month of days and nights: one deployment by day, one by night, the same every time', async () => {
    const isDay = (ms: number) => ms % dayMs < 12 * hourMs;
    const policy: AutoscalePolicy = { ...autoscaleDefaults, scaleToZeroMs: 30 * minuteMs };
    const twelve = [
      deployment('day', { policy, max: 6, load: (ms) => (isDay(ms) ? 45 : 0) }),
      deployment('night', { policy, max: 6, load: (ms) => (isDay(ms) ? 0 : 45) }),
      deployment('steady', { regions: [paris], min: 1, load: () => 15 }),
    ];
    const plane = await run(twelve, 30 * dayMs, { stepMs: 5 * minuteMs });
    for (let day = 1; day < 30; day++) {
      const noon = day * dayMs + 8 * hourMs;
      const midnight = day * dayMs + 20 * hourMs;
      expect([at(plane, 'day', noon).ready, at(plane, 'night', noon).ready]).toEqual([6, 0]);
      expect([at(plane, 'day', midnight).ready, at(plane, 'night', midnight).ready]).toEqual([0, 6]);
      expect(at(plane, 'steady', noon).ready).toBe(2);
    }
    const again = await run(twelve, 30 * dayMs, { stepMs: 5 * minuteMs });
    expect(again.history).toEqual(plane.history);
  });

  test('scales up only to what is in stock, says so, and goes on when it is back', async () => {
    const fleet = makeFleet({
      stockOuts: [{ region: virginia, type: h100, count: 6, fromMs: 0, untilMs: 3 * hourMs }],
    });
    const plane = await run([deployment('a', { load: () => 40 })], 4 * hourMs, { fleet });
    const short = at(plane, 'a', 2 * hourMs);
    expect(short.ready).toBe(2);
    expect(short.reason).toContain('8 NVIDIA_H100_80GB - 2 in use - 6 out of stock = 0 free');
    expect(at(plane, 'a', 4 * hourMs)).toMatchObject({ ready: 4, reason: null });
  });

  test('spreads over the regions that a deployment allows', async () => {
    const busy = deployment('busy', { regions: [virginia, paris], max: 10, load: () => 100 });
    const plane = await run([busy], 2 * hourMs);
    expect(at(plane, 'busy', 2 * hourMs).ready).toBe(10);
    const regions = Array.from(
      { length: 10 },
      (_, index) => plane.inventory.placementOf(`r${index + 1}`)?.region,
    );
    expect(regions.filter((region) => region === paris)).toHaveLength(2);
  });

  test('keeps reserved capacity for its owner, who uses it before any on demand', async () => {
    const early = deployment('early', { max: 8, load: () => 80 });
    const owner = deployment('owner', { load: (ms) => (ms < 2 * hourMs ? 0 : 40) });
    const plane = await run([early, owner], 4 * hourMs, { reserved: [['owner', 3]] });
    // 8 - 3 reserved: the owner's first replica sleeps by then or runs on its reservation.
    expect(at(plane, 'early', 2 * hourMs).ready).toBe(5);
    const late = at(plane, 'owner', 4 * hourMs);
    expect(late.ready).toBe(3);
    expect(late.reason).toContain('1 wanted, 8 NVIDIA_H100_80GB - 8 in use');
  });

  test('loses revocable replicas when the fleet takes them back, and none that is firm', async () => {
    const fleet = makeFleet({ spotLosses: [{ region: virginia, type: h100, count: 2, atMs: 2 * hourMs }] });
    const cheap = deployment('cheap', { min: 2, max: 2, revocable: 3, load: () => 50 });
    const plane = await run([cheap], 3 * hourMs, { fleet });
    expect(at(plane, 'cheap', 2 * hourMs - minuteMs).ready).toBe(5);
    expect(at(plane, 'cheap', 2 * hourMs)).toMatchObject({ ready: 3, starting: 2 });
    expect(at(plane, 'cheap', 3 * hourMs).ready).toBe(5);
  });

  test('wakes one replica for a burst, which is there after its cold start', async () => {
    const bursty = deployment('bursty', {
      load: (ms) => (ms >= 3 * hourMs && ms < 3 * hourMs + 2 * minuteMs ? 6 : 0),
    });
    const plane = await run([bursty], 6 * hourMs, { stepMs: minuteMs });
    expect(at(plane, 'bursty', 3 * hourMs - minuteMs)).toMatchObject({ ready: 0, starting: 0 });
    expect(at(plane, 'bursty', 3 * hourMs)).toMatchObject({ ready: 0, starting: 1 });
    expect(at(plane, 'bursty', 3 * hourMs + 2 * minuteMs)).toMatchObject({ ready: 1, starting: 0 });
    expect(at(plane, 'bursty', 6 * hourMs)).toMatchObject({ ready: 0, starting: 0 });
  });
});
