import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRows, type RowsWanted } from './plan-rows.ts';

function want(overrides: Partial<RowsWanted>): RowsWanted {
  return {
    pending: 1,
    decoding: false,
    drafts: 0,
    priority: 0,
    passedOver: 0,
    arrival: 0,
    everyLogit: false,
    ...overrides,
  };
}

const LIMITS = { rowsMax: 64, prefillRowsMax: 64, logitRowsMax: 64 };

const wantedArbitrary = fc.array(
  fc
    .record({
      pending: fc.integer({ min: 1, max: 100 }),
      decoding: fc.boolean(),
      drafts: fc.nat(10),
      priority: fc.integer({ min: -1, max: 1 }),
      passedOver: fc.nat(6),
      arrival: fc.nat(100),
      everyLogit: fc.boolean(),
    })
    .map((row) =>
      row.decoding ? { ...row, pending: 1 + (row.pending % 3), everyLogit: false } : { ...row, drafts: 0 },
    ),
  { minLength: 1, maxLength: 20 },
);
const limitsArbitrary = fc.record({
  rowsMax: fc.integer({ min: 1, max: 64 }),
  prefillRowsMax: fc.integer({ min: 1, max: 64 }),
  logitRowsMax: fc.integer({ min: 1, max: 40 }),
});

test('a plan keeps every limit, gives nobody more than wanted, and always gets on', () => {
  fc.assert(
    fc.property(wantedArbitrary, limitsArbitrary, (wanted, limits) => {
      const planned = planRows(wanted, limits);
      let rows = 0;
      let prefillRows = 0;
      let logitRows = 0;
      planned.forEach((part, place) => {
        const row = wanted[place]!;
        expect(part.rows).toBeLessThanOrEqual(row.pending);
        expect(part.drafts).toBeLessThanOrEqual(part.rows === row.pending ? row.drafts : 0);
        rows += part.rows + part.drafts;
        if (!row.decoding) prefillRows += part.rows;
        logitRows += part.drafts + (row.everyLogit ? part.rows : part.rows === row.pending ? 1 : 0);
      });
      expect(rows).toBeLessThanOrEqual(limits.rowsMax);
      expect(prefillRows).toBeLessThanOrEqual(limits.prefillRowsMax);
      expect(logitRows).toBeLessThanOrEqual(limits.logitRowsMax);
      expect(rows).toBeGreaterThan(0);
    }),
    { numRuns: 2000 },
  );
});

test('every decode gets on in every step while the batch holds them, however long the prompts are', () => {
  fc.assert(
    fc.property(wantedArbitrary, (wanted) => {
      const planned = planRows(wanted, LIMITS);
      const pending = wanted.reduce((sum, row) => sum + (row.decoding ? row.pending : 0), 0);
      fc.pre(pending <= LIMITS.rowsMax * 0.75);
      wanted.forEach((row, place) => {
        if (row.decoding) expect(planned[place]!.rows).toBe(row.pending);
      });
    }),
  );
});

test('nobody waits for ever, not even with one row a step', () => {
  fc.assert(
    fc.property(wantedArbitrary, fc.integer({ min: 1, max: 8 }), (start, rowsMax) => {
      const limits = { rowsMax, prefillRowsMax: rowsMax, logitRowsMax: 8 };
      const passedOver = start.map(() => 0);
      for (let step = 0; step < 300; step++) {
        const wanted = start.map((row, place) => ({ ...row, priority: 0, passedOver: passedOver[place]! }));
        planRows(wanted, limits).forEach(({ rows }, place) => {
          passedOver[place] = rows > 0 ? 0 : passedOver[place]! + 1;
        });
        for (const steps of passedOver) expect(steps).toBeLessThan(120);
      }
    }),
    { numRuns: 200 },
  );
});

test('the shortest prompt goes first, so that a long one stalls it for one chunk at most', () => {
  const planned = planRows([want({ pending: 5000 }), want({ pending: 10, arrival: 1 })], LIMITS);
  expect(planned.map(({ rows }) => rows)).toEqual([54, 10]);
});

test('a prompt that was passed over too often goes before shorter ones', () => {
  const planned = planRows([want({ pending: 5000, passedOver: 4 }), want({ pending: 100 })], LIMITS);
  expect(planned.map(({ rows }) => rows)).toEqual([64, 0]);
});

test('drafts only get rows that nobody else needs', () => {
  const wanted = [
    want({ decoding: true, drafts: 30 }),
    want({ pending: 50 }),
    want({ decoding: true, drafts: 30 }),
  ];
  expect(planRows(wanted, LIMITS)).toEqual([
    { rows: 1, drafts: 12 },
    { rows: 50, drafts: 0 },
    { rows: 1, drafts: 0 },
  ]);
});
