import { State } from '../state.ts';
import { STRING_START } from '../text/json-string-decoder.ts';
import { openArray } from './array-state.ts';
import { createGapState } from './gap-state.ts';
import type { Outcome } from './goal-set.ts';
import { numberState } from './number-state.ts';
import { openObject } from './object-state.ts';
import { type Scalar, type Slot, stateAt } from './slot.ts';
import { stringState } from './string-state.ts';

/** Before a value: white space, then anything the slot is for. */
export function valueStart(slot: Slot): State {
  return stateAt(slot, 'start', () =>
    createGapState({
      canEnd: false,
      firstBytes: slot.goals.firstBytes,
      derive: (byte) => startValue(slot, byte),
    }),
  )!;
}

/** The state after a value's first byte. */
export function startValue(slot: Slot, byte: number): State | null {
  const { goals } = slot;
  switch (byte) {
    case 0x22:
      return goals.stringStart === null ? null : stringState(slot, goals.stringStart, STRING_START);
    case 0x5b:
      return openArray(slot);
    case 0x7b:
      return openObject(slot);
    case 0x6e:
      return literalState(slot, 'null', 1, goals.nulls);
    case 0x74:
      return literalState(slot, 'true', 1, goals.trues);
    case 0x66:
      return literalState(slot, 'false', 1, goals.falses);
    default: {
      const next = goals.numberStart?.step(byte) ?? null;
      return next === null ? null : numberState(slot, next, String.fromCharCode(byte));
    }
  }
}

function literalState(slot: Slot, text: string, written: number, outcome: Outcome | null): State | null {
  if (outcome === null) return null;
  if (written === text.length) return slot.finish(outcome, JSON.parse(text) as Scalar);
  return stateAt(slot, text.slice(0, written), () => {
    const expected = text.charCodeAt(written);
    return new State({
      canEnd: false,
      firstBytes: Uint8Array.of(expected),
      derive: (byte) => (byte === expected ? literalState(slot, text, written + 1, outcome) : null),
    });
  });
}
