import type { State } from '../state.ts';
import type { GoalSet, Outcome } from './goal-set.ts';
import type { JsonWorld } from './json-world.ts';

export type Scalar = string | number | boolean | null;

/** A place for one value: what it is for, and where the text goes on once it is written. */
export interface Slot {
  readonly world: JsonWorld;
  readonly goals: GoalSet;
  /** Whether what follows depends on which scalar is written here; its text is then kept while it is read. */
  readonly traced: boolean;
  /**
   * The state after a value with this outcome; null when nothing could follow it. `value` is given for
   * scalars in a traced slot.
   */
  finish(outcome: Outcome, value?: Scalar): State | null;
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
  return makeSlot(world, goals, false, (outcome) => {
    let state = finished.get(outcome);
    if (state === undefined) {
      state = follow(outcome);
      finished.set(outcome, state);
    }
    return state;
  });
}

/** A slot that tells what follows which scalar was written; undefined stands for arrays and objects. */
export function createTracedSlot(
  world: JsonWorld,
  goals: GoalSet,
  follow: (outcome: Outcome, value: Scalar | undefined) => State | null,
): Slot {
  const finished = new Map<string, State | null>();
  return makeSlot(world, goals, true, (outcome, value) => {
    const key = `${outcome.id} ${JSON.stringify(value)}`;
    let state = finished.get(key);
    if (state === undefined) {
      state = follow(outcome, value);
      finished.set(key, state);
    }
    return state;
  });
}

function makeSlot(world: JsonWorld, goals: GoalSet, traced: boolean, finish: Slot['finish']): Slot {
  world.budget.spend(1);
  return { world, goals, traced, finish, states: new Map(), strings: new Map() };
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
