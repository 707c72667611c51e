import type { State } from '../state.ts';
import type { GoalSet, Outcome } from './goal-set.ts';
import type { JsonWorld } from './json-world.ts';

/** A place for one value: what it is for, and where the text goes on once it is written. */
export interface Slot {
  readonly world: JsonWorld;
  readonly goals: GoalSet;
  /** The state after a value with this outcome; null when nothing could follow it. */
  finish(outcome: Outcome): State | null;
  /** States of values standing here, by a key of their kind. */
  readonly states: Map<string, State | null>;
  /** States inside a string standing here, by tuple and decoder. */
  readonly strings: Map<number, State>;
}

export function createSlot(
  world: JsonWorld,
  goals: GoalSet,
  follow: (outcome: Outcome) => State | null,
): Slot {
  const finished = new Map<Outcome, State | null>();
  return {
    world,
    goals,
    finish(outcome) {
      let state = finished.get(outcome);
      if (state === undefined) {
        state = follow(outcome);
        finished.set(outcome, state);
      }
      return state;
    },
    states: new Map(),
    strings: new Map(),
  };
}

/** A state of the slot, made once. */
export function stateAt(slot: Slot, key: string, make: () => State | null): State | null {
  let state = slot.states.get(key);
  if (state === undefined) {
    state = make();
    slot.states.set(key, state);
  }
  return state;
}
