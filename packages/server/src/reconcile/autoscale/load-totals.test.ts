import { expect, test } from 'vitest';
import { LoadTotals } from './load-totals.ts';

const told = (gateway: string, concurrent: number, requests: number, tokens = 0) => ({
  gateway,
  deployment: 'd',
  concurrent,
  requests,
  tokens,
});

test('the load of several gateways adds up, and counts since the last look', () => {
  const totals = new LoadTotals();
  expect(totals.take([told('a', 1, 100)]).get('d')).toEqual({ concurrent: 1, requests: 0, tokens: 0 });
  const both = totals.take([told('a', 2, 105, 50), told('b', 3, 4, 10)]);
  expect(both.get('d')).toEqual({ concurrent: 5, requests: 9, tokens: 60 });
  expect(totals.take([told('b', 0, 4, 10)]).get('d')).toEqual({ concurrent: 0, requests: 0, tokens: 0 });
  expect(totals.take([]).get('d')).toBeUndefined();
});
