import { State } from '../state.ts';
import type { NumberTuple } from './json-world.ts';
import { type Slot, stateAt } from './slot.ts';

const NUMBER_BYTES = [...'0123456789.-+eE'].map((char) => char.charCodeAt(0));
const AFTER_BYTES = [...' \t\r\n,]}'].map((char) => char.charCodeAt(0));
const FIRST_BYTES = Uint8Array.from([...NUMBER_BYTES, ...AFTER_BYTES]);

/** Inside a number: more of it, or what may follow the value if it is whole. */
export function numberState(slot: Slot, tuple: NumberTuple, text: string): State {
  const written = slot.traced ? text : '';
  return stateAt(slot, `#${tuple.id},${written}`, () => {
    const outcome = slot.goals.numberOutcome(tuple);
    const after = outcome === null ? null : slot.finish(outcome, slot.traced ? Number(written) : undefined);
    return new State({
      canEnd: after?.canEnd ?? false,
      firstBytes: FIRST_BYTES,
      derive(byte) {
        const next = tuple.step(byte);
        if (next !== null) return numberState(slot, next, written + String.fromCharCode(byte));
        return after === null ? null : after.step(byte);
      },
    });
  })!;
}
