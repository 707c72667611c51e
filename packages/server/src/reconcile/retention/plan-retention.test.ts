import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RetentionFacts } from '../../store/deployment-retention.ts';
import { planRetention } from './plan-retention.ts';

const dayMs = 24 * 3_600_000;
const nowMs = 1_000 * dayMs;

function facts(change: Partial<RetentionFacts> = {}): RetentionFacts {
  return {
    name: 'd',
    isProviders: false,
    minReplicaCount: 0,
    touchTimeMs: nowMs - 30 * dayMs,
    lastRequestTimeMs: null,
    expireTimeMs: null,
    purgeTimeMs: null,
    isGone: false,
    ...change,
  };
}

test.each<[string, Partial<RetentionFacts>, string | null]>([
  ['one that nobody asked for a week', {}, 'delete'],
  ['one that was made this week', { touchTimeMs: nowMs - 6 * dayMs }, null],
  ['one that was asked this week', { lastRequestTimeMs: nowMs - 6 * dayMs }, null],
  ['one that was asked a week ago', { lastRequestTimeMs: nowMs - 7 * dayMs }, 'delete'],
  ['one that never sleeps', { minReplicaCount: 1 }, null],
  ['a shared one', { isProviders: true }, null],
  ['one that expired', { minReplicaCount: 1, expireTimeMs: nowMs }, 'delete'],
  ['one that will expire', { minReplicaCount: 1, expireTimeMs: nowMs + 1 }, null],
  ['a deleted one whose time to come back is over', { purgeTimeMs: nowMs, isGone: true }, 'purge'],
  ['a deleted one that still stops', { purgeTimeMs: nowMs }, null],
  ['a deleted one that may come back', { purgeTimeMs: nowMs + 1, isGone: true }, null],
])('%s', (_, change, kind) => {
  expect(planRetention(nowMs, [facts(change)]).map((step) => step.kind)).toEqual(kind === null ? [] : [kind]);
});

test('once a day for a month, a deployment goes a week after its last request and no earlier', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 10 }), (days) => {
      const requests = [0, ...new Set(days)].sort((left, right) => left - right);
      let goneOn: number | null = null;
      for (let day = 1; day <= 45 && goneOn === null; day++) {
        const last = requests.findLast((request) => request <= day) ?? 0;
        const seen = facts({ touchTimeMs: 0, lastRequestTimeMs: last * dayMs });
        if (planRetention(day * dayMs, [seen]).length > 0) goneOn = day;
      }
      const gap = requests.findIndex((request, index) => (requests[index + 1] ?? 99) - request > 7);
      expect(goneOn).toBe(requests[gap]! + 7);
    }),
  );
});
