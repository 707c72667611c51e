import type { State } from '../state.ts';
import { createGapState } from './gap-state.ts';
import { keyStart, mayHaveKey } from './key-state.ts';
import { closeObject, frameKey, type LiveAlternative, makeFrame, type ObjectFrame } from './object-frame.ts';
import { type Slot, stateAt } from './slot.ts';
import { valueStart } from './value-state.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const CLOSE = 0x7d;

/** After `{`; null when the slot is for no object that could be finished. */
export function openObject(slot: Slot): State | null {
  return stateAt(slot, '{', () => {
    const plan = slot.goals.objectPlan();
    if (plan === null) return null;
    const frame = makeFrame({
      id: 0,
      slot,
      plan,
      alive: plan.alternatives.map(({ clause }, at) => ({ at, met: clause.demands.map(() => false) })),
      seen: new Uint32Array((plan.names.length + 31) >> 5),
      count: 0,
      others: [],
    });
    const closed = closeObject(frame);
    const more = mayHaveKey(frame);
    if (closed === null && !more) return null;
    return createGapState({
      canEnd: false,
      firstBytes: Uint8Array.from([...(closed ? [CLOSE] : []), ...(more ? [QUOTE] : [])]),
      derive(byte) {
        if (byte === CLOSE) return closed;
        return byte === QUOTE && more ? keyStart(frame) : null;
      },
    });
  });
}

/** After a property's value. */
export function afterProperty(
  frame: ObjectFrame,
  { name, other }: { readonly name: number; readonly other: string | null },
  alive: readonly LiveAlternative[],
): State | null {
  const { slot, plan } = frame;
  let { seen } = frame;
  if (name >= 0) {
    seen = seen.slice();
    seen[name >> 5]! |= 1 << (name & 31);
  }
  const isRepeated = other !== null && frame.others.includes(other);
  const count = isRepeated ? frame.count : Math.min(frame.count + 1, plan.countMax);
  const others = count < plan.distinctMin ? addName(frame.others, other) : [];
  const key = frameKey({ alive, seen, count, others });
  return stateAt(slot, key, () => {
    const next = makeFrame({ id: slot.states.size, slot, plan, alive, seen, count, others });
    const closed = closeObject(next);
    const more = mayHaveKey(next);
    if (closed === null && !more) return null;
    return createGapState({
      canEnd: false,
      firstBytes: Uint8Array.from([...(closed ? [CLOSE] : []), ...(more ? [COMMA] : [])]),
      derive(byte) {
        if (byte === CLOSE) return closed;
        return byte === COMMA && more ? afterComma(next) : null;
      },
    });
  });
}

function addName(names: readonly string[], name: string | null): readonly string[] {
  return name === null || names.includes(name) ? names : [...names, name].sort();
}

function afterComma(frame: ObjectFrame): State {
  return createGapState({
    canEnd: false,
    firstBytes: Uint8Array.of(QUOTE),
    derive: (byte) => (byte === QUOTE ? keyStart(frame) : null),
  });
}

/** After a property's name: the colon, then its value. */
export function afterKey(slot: Slot): State {
  return stateAt(slot, ':', () =>
    createGapState({
      canEnd: false,
      firstBytes: Uint8Array.of(COLON),
      derive: (byte) => (byte === COLON ? valueStart(slot) : null),
    }),
  )!;
}
