import { expect, test } from 'vitest';
import { FailedKeys } from './failed-keys.ts';

test('a few wrong keys are free, more are slowed, many are refused; a minute later all is forgotten', () => {
  let nowMs = 0;
  const failed = new FailedKeys(() => nowMs);
  const penalties = Array.from({ length: 80 }, () => failed.add('10.0.0.1'));
  expect(penalties.slice(0, 10)).toEqual(Array(10).fill({ delayMs: 0, isRefused: false }));
  expect(penalties[10]).toEqual({ delayMs: 20, isRefused: false });
  expect(penalties.map(({ delayMs }) => delayMs)).toEqual(
    penalties.map(({ delayMs }) => delayMs).toSorted((left, right) => left - right),
  );
  expect(penalties.findIndex(({ isRefused }) => isRefused)).toBe(60);
  expect(penalties.at(-1)).toEqual({ delayMs: 1000, isRefused: true });
  expect(failed.add('10.0.0.2')).toEqual({ delayMs: 0, isRefused: false });
  nowMs = 60_000;
  expect(failed.add('10.0.0.1')).toEqual({ delayMs: 0, isRefused: false });
});
