import { expect, test } from 'vitest';
import { makeRow } from './bench-row.ts';
import { formatTable } from './format-table.ts';
import { median } from './median.ts';
import { takeTurns } from './take-turns.ts';

const measured = { metric: 'speed', unit: '1/s', anchorName: 'them' };

test('a row has its ratio and says whether the goal holds', () => {
  expect(makeRow({ ...measured, ours: 12, anchor: 10, goal: '>= 1.2' })).toMatchObject({
    ratio: 1.2,
    holds: true,
  });
  expect(makeRow({ ...measured, ours: 11.9, anchor: 10, goal: '>= 1.2' }).holds).toBe(false);
  expect(makeRow({ ...measured, ours: 1, anchor: 10, goal: '<= 0.2' }).holds).toBe(true);
  expect(() => makeRow({ ...measured, ours: 1, anchor: 1, goal: 'fast' })).toThrow(/A goal is written/);
});

test('the median of none is refused', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(() => median([])).toThrow();
});

test('turns go A B B A after one round that does not count', async () => {
  const order: string[] = [];
  const measure = (name: string) => async () => {
    order.push(name);
    return order.length;
  };
  const result = await takeTurns(4, measure('a'), measure('b'));
  expect(order.join('')).toBe('ababbaabba');
  expect(result.ours).not.toBeNaN();
});

test('a table shows missed goals', () => {
  const row = makeRow({ ...measured, ours: 1, anchor: 4, goal: '>= 1' });
  const absolute = { ...row, anchor: null, anchorName: null, ratio: null, goal: '< 2 us', holds: true };
  const [, first, second] = formatTable([row, absolute]).split('\n');
  expect(first).toMatch(/speed .* 0\.25 .* MISSED .*them/);
  expect(second).toMatch(/speed .* < 2 us .* holds/);
});
