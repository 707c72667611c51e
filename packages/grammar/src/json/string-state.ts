import { State } from '../state.ts';
import {
  isNeedlessEscape,
  STRING_CLOSED,
  STRING_EMIT,
  STRING_START,
  stepJsonString,
} from '../text/json-string-decoder.ts';
import type { StringTuple } from './json-world.ts';
import type { Slot } from './slot.ts';
import type { StringContent } from './string-content.ts';
import { tracedStringState } from './traced-string-state.ts';

/** Room for every decoder state below a tuple's number, and for 2^24 tuples in an exact double. */
const DECODER_STATES = 0x2000_0000;

/** Inside a string value. */
export function stringState(slot: Slot, tuple: StringTuple, decoder: number): State {
  if (slot.traced) return tracedStringState(slot, tuple, decoder, '');
  const key = tuple.id * DECODER_STATES + decoder;
  let state = slot.strings.get(key);
  if (state === undefined) {
    state = new State({
      canEnd: false,
      derive: (byte) => deriveString(slot, tuple, decoder, byte),
      content: contentOf(slot, tuple, decoder),
    });
    slot.strings.set(key, state);
  }
  return state;
}

function deriveString(slot: Slot, tuple: StringTuple, decoder: number, byte: number): State | null {
  const result = stepJsonString(decoder, byte);
  if (result === STRING_CLOSED) return closeString(slot, tuple);
  if (result < 0) return null;
  if (result >= STRING_EMIT) {
    const code = result - STRING_EMIT;
    const next = isNeedlessEscape(decoder, code) ? tuple.stepEscaped(code) : tuple.step(code);
    return next === null ? null : stringState(slot, next, STRING_START);
  }
  return tuple.mayTake(result) ? stringState(slot, tuple, result) : null;
}

function closeString(slot: Slot, tuple: StringTuple): State | null {
  const outcome = slot.goals.stringOutcome(tuple);
  return outcome === null ? null : slot.finish(outcome);
}

function contentOf(slot: Slot, tuple: StringTuple, decoder: number): StringContent {
  const { all, anyChar } = slot.world.engine.pool;
  const states = tuple.states.filter((state) => state !== null);
  const only = states.length === 1 ? states[0]!.node : null;
  const closed = () => closeString(slot, tuple);
  if (states.every((state) => state.node === all)) return { decoder, inside: 'free', close: closed };
  if (only?.kind === 'repeat' && only.part === anyChar) {
    const { min, max } = only;
    const close = (chars: number) => {
      if (chars < min || chars > max) return null;
      const outcome = slot.goals.outcomeOfStrings(tuple.states.map((state) => state !== null));
      return outcome === null ? null : slot.finish(outcome);
    };
    return { decoder, inside: max === Infinity ? 'free' : { max }, close };
  }
  const isFree = tuple.states.some((state, index) => index < tuple.mains && state !== null && state.isOpen);
  return { decoder, inside: isFree ? 'free' : tuple };
}
