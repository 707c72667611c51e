import { expect, test } from 'vitest';
import { RefusedWrites } from './refused-writes.ts';

test('a few refusals of each user are recorded, the others are counted', () => {
  let nowMs = 0;
  const refused = new RefusedWrites(() => nowMs);
  const add = (user: string, times: number) =>
    Array.from({ length: times }, () => refused.add(user)).filter((entry) => entry !== null);
  expect(add('ann', 15)).toHaveLength(10);
  expect(add('bob', 1)).toEqual([{ leftOut: 0 }]);
  nowMs += 60_000;
  expect(add('ann', 2)).toEqual([{ leftOut: 5 }, { leftOut: 0 }]);
  let recorded = 12;
  for (let minute = 0; minute < 600; minute += 1) {
    nowMs += 60_000;
    recorded += add('ann', 100).length;
  }
  expect(recorded).toBe(200);
  nowMs += 86_400_000;
  expect(add('ann', 1)[0]!.leftOut).toBeGreaterThan(50_000);
});
