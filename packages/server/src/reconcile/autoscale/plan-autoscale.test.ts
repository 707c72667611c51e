import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AutoscaleInput,
  autoscaleDefaults,
  type LoadSample,
  planAutoscale,
  readPolicy,
} from './plan-autoscale.ts';

const everyMs = 5_000;

/** Samples of a load that held for so long until now. */
function steady(load: Partial<LoadSample>, forMs: number, endMs = 0): LoadSample[] {
  const count = Math.floor(forMs / everyMs) + 1;
  return Array.from({ length: count }, (_, i) => ({
    concurrent: 0,
    requestsPerSecond: 0,
    tokensGeneratedPerSecond: 0,
    ...load,
    timeMs: endMs - forMs + i * everyMs,
  }));
}

const plan = (change: Partial<AutoscaleInput>) =>
  planAutoscale({
    nowMs: 0,
    current: 1,
    min: 0,
    max: 8,
    slotsPerReplica: 10,
    policy: autoscaleDefaults,
    samples: [],
    ...change,
  });

describe('autoscaling', () => {
  it('goes up after 30 s above the target, to what the load needs', () => {
    expect(plan({ samples: steady({ concurrent: 24 }, 30_000) }).replicas).toBe(3);
    expect(plan({ samples: steady({ concurrent: 24 }, 25_000) }).replicas).toBe(1);
    expect(plan({ samples: steady({ concurrent: 1000 }, 30_000) }).replicas).toBe(8);
  });

  it('stays for a burst that is shorter than the window', () => {
    const samples = [...steady({ concurrent: 2 }, 30_000, -10_000), ...steady({ concurrent: 50 }, 5_000)];
    expect(plan({ samples }).replicas).toBe(1);
  });

  it('goes down only after 10 min below the target', () => {
    expect(plan({ current: 4, samples: steady({ concurrent: 9 }, 600_000) }).replicas).toBe(2);
    expect(plan({ current: 4, samples: steady({ concurrent: 9 }, 300_000) }).replicas).toBe(4);
  });

  it('sleeps after an hour without a request, unless a replica must stay', () => {
    const idle = steady({}, 3_600_000);
    expect(plan({ samples: idle }).replicas).toBe(0);
    expect(plan({ samples: idle, min: 1 }).replicas).toBe(1);
    expect(plan({ samples: steady({}, 3_000_000) }).replicas).toBe(1);
  });

  it('is woken by a request alone', () => {
    expect(plan({ current: 0, samples: steady({ concurrent: 50 }, 60_000) }).replicas).toBe(0);
  });

  it('takes the largest count of several targets', () => {
    const policy = readPolicy({
      loadTargets: { default: 0.8, tokens_generated_per_second: 100, requests_per_second: 50 },
    });
    const samples = steady({ concurrent: 4, tokensGeneratedPerSecond: 450, requestsPerSecond: 60 }, 30_000);
    expect(plan({ policy, samples }).replicas).toBe(5);
  });

  it('reads windows and targets as the API has them', () => {
    expect(readPolicy(null)).toEqual(autoscaleDefaults);
    expect(readPolicy({ scaleUpWindow: '10s', scaleToZeroWindow: '300s' })).toMatchObject({
      scaleUpMs: 10_000,
      scaleDownMs: 600_000,
      scaleToZeroMs: 300_000,
    });
  });

  it('stays within its bounds, gives a reason for every change, and rests where it arrived', () => {
    const sample = fc.record({
      concurrent: fc.integer({ min: 0, max: 200 }),
      requestsPerSecond: fc.float({ min: 0, max: 100, noNaN: true }),
      tokensGeneratedPerSecond: fc.float({ min: 0, max: 5000, noNaN: true }),
    });
    const bounds = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 8 }));
    fc.assert(
      fc.property(sample, bounds, fc.integer({ min: 0, max: 8 }), (load, [low, high], current) => {
        const [min, max] = [Math.min(low, high), Math.max(low, high)];
        const input = { min, max, samples: steady(load, 4_000_000) };
        const first = plan({ ...input, current: Math.min(current, max) });
        expect(first.replicas).toBeGreaterThanOrEqual(min);
        expect(first.replicas).toBeLessThanOrEqual(max);
        const second = plan({ ...input, current: first.replicas });
        if (first.replicas > 0)
          expect(plan({ ...input, current: second.replicas }).replicas).toBe(second.replicas);
      }),
    );
  });

  it('goes through a month of days and nights in seconds', () => {
    let current = 1;
    let samples: LoadSample[] = [];
    let replicaHours = 0;
    let wakes = 0;
    const stepMs = 60_000;
    for (let minute = 0; minute < 30 * 24 * 60; minute++) {
      const hour = Math.floor(minute / 60) % 24;
      const concurrent = hour >= 9 && hour < 17 ? 20 : 0;
      const nowMs = minute * stepMs;
      if (current === 0 && concurrent > 0) {
        current = 1;
        wakes++;
      }
      const load = {
        timeMs: nowMs,
        concurrent,
        requestsPerSecond: concurrent / 10,
        tokensGeneratedPerSecond: 0,
      };
      samples = [...samples, load].filter((old) => old.timeMs >= nowMs - 2 * 3_600_000);
      current = plan({ nowMs, current, samples }).replicas;
      replicaHours += current / 60;
    }
    expect(wakes).toBeGreaterThanOrEqual(29);
    // Eight hours a day on three replicas, one replica until it sleeps an hour later.
    expect(replicaHours / 30).toBeGreaterThan(24);
    expect(replicaHours / 30).toBeLessThan(27);
  });
});
