import { State } from '../state.ts';
import {
  isNeedlessEscape,
  STRING_CLOSED,
  STRING_EMIT,
  STRING_START,
  stepJsonString,
} from '../text/json-string-decoder.ts';
import type { StringTuple } from './json-world.ts';
import { type Slot, stateAt } from './slot.ts';

/** Inside a string value whose text matters to what follows: `text` is what has been read of it. */
export function tracedStringState(slot: Slot, tuple: StringTuple, decoder: number, text: string): State {
  return stateAt(
    slot,
    `"${tuple.id},${decoder},${text}`,
    () =>
      new State({
        canEnd: false,
        derive: (byte) => derive(slot, tuple, decoder, text, byte),
        content: { decoder, inside: tuple },
      }),
  )!;
}

function derive(slot: Slot, tuple: StringTuple, decoder: number, text: string, byte: number): State | null {
  const result = stepJsonString(decoder, byte);
  if (result === STRING_CLOSED) {
    const outcome = slot.goals.stringOutcome(tuple);
    return outcome === null ? null : slot.finish(outcome, text);
  }
  if (result < 0) return null;
  if (result >= STRING_EMIT) {
    const code = result - STRING_EMIT;
    const next = isNeedlessEscape(decoder, code) ? tuple.stepEscaped(code) : tuple.step(code);
    const char = String.fromCodePoint(code);
    return next === null ? null : tracedStringState(slot, next, STRING_START, text + char);
  }
  return tuple.mayTake(result) ? tracedStringState(slot, tuple, result, text) : null;
}
