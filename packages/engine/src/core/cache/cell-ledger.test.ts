import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ScriptedCells } from '../../runners/scripted/scripted-cells.ts';
import { CellLedger } from './cell-ledger.ts';

const SLOTS = 5;

/** extend slot by n, share (source, target, part of its length), trim slot to part of its length */
const operationArbitrary = fc.record({
  kind: fc.constantFrom('extend', 'extend', 'share', 'trim'),
  slot: fc.integer({ min: 0, max: SLOTS - 1 }),
  other: fc.integer({ min: 0, max: SLOTS - 1 }),
  part: fc.double({ min: 0, max: 1, noNaN: true }),
});

test('the ledger counts what cells with reference counts count, for any history', () => {
  fc.assert(
    fc.property(fc.array(operationArbitrary, { maxLength: 120 }), (operations) => {
      const ledger = new CellLedger(SLOTS);
      const cells = new ScriptedCells(SLOTS, 10_000);
      for (const { kind, slot, other, part } of operations) {
        const length = Math.round(part * cells.length(slot));
        if (kind === 'extend') {
          const count = Math.round(part * 9);
          for (let i = 0; i < count; i++) cells.write(slot, cells.length(slot), i, 0);
          ledger.extend(slot, count);
        } else if (kind === 'trim') {
          cells.trim(slot, length);
          ledger.trim(slot, length);
        } else if (slot !== other) {
          cells.trim(other, 0);
          ledger.trim(other, 0);
          cells.share(slot, other, length);
          ledger.share(slot, other, length);
        }
        expect(ledger.used).toBe(cells.used);
        expect(ledger.count([0, 1, 2, 3, 4])).toBe(cells.used);
        for (let id = 0; id < SLOTS; id++) expect(ledger.length(id)).toBe(cells.length(id));
      }
      expectCounts(ledger, cells);
    }),
    { numRuns: 500 },
  );
});

/** Cells of some slots, and of a prefix of another beside them: checked by dropping everything else. */
function expectCounts(ledger: CellLedger, cells: ScriptedCells): void {
  const length = Math.floor(cells.length(3) / 2);
  const counted = ledger.count([0, 1], { slot: 3, length });
  for (const slot of [2, 4]) cells.trim(slot, 0);
  cells.trim(3, length);
  expect(counted).toBe(cells.used);
}

test('sharing more than there is, or into a slot in use, is refused', () => {
  const ledger = new CellLedger(3);
  ledger.extend(0, 4);
  ledger.extend(1, 1);
  expect(() => ledger.share(0, 2, 5)).toThrow('Cannot share 5 cells of slot 0 with slot 2');
  expect(() => ledger.share(0, 1, 2)).toThrow('Cannot share 2 cells of slot 0 with slot 1');
});
