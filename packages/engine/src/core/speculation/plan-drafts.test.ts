import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planDraftLength } from './plan-drafts.ts';

const COST = { baseMs: 8, rowMs: 2, draftMs: 0, sequences: 1 };

test('more drafts for surer sources and dearer steps, none where a row costs what it saves', () => {
  expect(planDraftLength(0.2, COST, 32)).toBe(0);
  expect(planDraftLength(0.8, COST, 32)).toBe(6);
  expect(planDraftLength(0.95, COST, 32)).toBe(28);
  expect(planDraftLength(1, COST, 32)).toBe(32);
  expect(planDraftLength(0.8, { ...COST, sequences: 16 }, 32)).toBe(0);
  expect(planDraftLength(0.8, { ...COST, draftMs: 4 }, 32)).toBe(1);
  expect(planDraftLength(0.9, { ...COST, baseMs: 0 }, 32)).toBe(0);
});

test('a plan never loses on average: each planned draft earns more than its row costs', () => {
  const arbitrary = fc.record({
    rate: fc.double({ min: 0, max: 1, noNaN: true }),
    baseMs: fc.double({ min: 0, max: 50, noNaN: true }),
    rowMs: fc.double({ min: 0.001, max: 10, noNaN: true }),
    draftMs: fc.double({ min: 0, max: 10, noNaN: true }),
    sequences: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(arbitrary, ({ rate, ...cost }) => {
      const drafts = planDraftLength(rate, cost, 32);
      expect(drafts).toBeGreaterThanOrEqual(0);
      expect(drafts).toBeLessThanOrEqual(32);
      if (drafts > 0) {
        const saved = rate ** drafts * (cost.baseMs / cost.sequences + cost.rowMs);
        expect(saved).toBeGreaterThan(cost.rowMs + cost.draftMs);
      }
    }),
  );
});
