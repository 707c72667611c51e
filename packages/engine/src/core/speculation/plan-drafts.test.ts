import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planDraftLength } from './plan-drafts.ts';

const LINEAR = { stepMs: (rows: number) => 8 + 2 * rows, rows: 1, tokenMs: 10, draftMs: 0 };
/** One row is cheap, two are not, sixteen hardly more: Q8_0 on a CPU. */
const JUMPING = { ...LINEAR, stepMs: (rows: number) => (rows === 1 ? 6.5 : 26 + 1.6 * rows), tokenMs: 6.5 };

test('surer guesses get more drafts, those that cost what they save none', () => {
  expect(planDraftLength(() => 0.1, LINEAR, 32)).toBe(0);
  expect(planDraftLength(() => 0.8, LINEAR, 32)).toBe(7);
  expect(planDraftLength(() => 0.95, LINEAR, 32)).toBe(31);
  expect(planDraftLength(() => 1, LINEAR, 32)).toBe(31);
  expect(planDraftLength(() => 0.8, { ...LINEAR, tokenMs: 2.5, rows: 16 }, 32)).toBe(0);
  expect(planDraftLength(() => 0.8, { ...LINEAR, draftMs: 4 }, 32)).toBe(3);
});

test('steps are filled to groups of four rows; where there are too few drafts for that, with all of them', () => {
  for (const rows of [1, 2, 3, 4, 6, 11]) {
    const free = { ...LINEAR, stepMs: () => 10, rows };
    expect((rows + planDraftLength(() => 0.99, free, 40)) % 4).toBe(0);
  }
  expect(planDraftLength(() => 1, LINEAR, 2)).toBe(2);
  expect(planDraftLength(() => 1, { ...LINEAR, rows: 4 }, 3)).toBe(3);
});

test('where the first drafts lose and many win, it is many or none', () => {
  expect(planDraftLength(() => 0.7, JUMPING, 16)).toBe(0);
  expect(planDraftLength(() => 0.97, JUMPING, 4)).toBe(0);
  expect(planDraftLength(() => 0.97, JUMPING, 16)).toBe(15);
});

test('what is planned never loses on average', () => {
  const arbitrary = fc.record({
    rate: fc.double({ min: 0, max: 1, noNaN: true }),
    steps: fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 40, maxLength: 40 }),
    tokenMs: fc.double({ min: 0, max: 50, noNaN: true }),
    draftMs: fc.double({ min: 0, max: 10, noNaN: true }),
    rows: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(arbitrary, ({ rate, steps, rows, ...cost }) => {
      const stepMs = (count: number): number => steps.slice(0, count).reduce((sum, ms) => sum + ms, 1);
      const drafts = planDraftLength(() => rate, { ...cost, rows, stepMs }, 32);
      let saved = 0;
      for (let i = 1; i <= drafts; i++) saved += rate ** i * cost.tokenMs;
      const paid = stepMs(rows + drafts) - stepMs(rows) + drafts * cost.draftMs;
      expect(saved).toBeGreaterThanOrEqual(paid);
    }),
  );
});

test('drafts that are doubted at first are made when enough sure ones follow', () => {
  const doubtedAtFirst = (ahead: number): number => (ahead < 4 ? 0.8 : 0.99);
  expect(planDraftLength(() => 0.8, LINEAR, 32)).toBeLessThan(8);
  expect(planDraftLength(doubtedAtFirst, LINEAR, 32)).toBe(31);
});
