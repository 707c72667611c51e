import type { Formula } from '../schema/formula.ts';
import type { ObjectClause } from '../schema/object-clause.ts';
import type { State } from '../state.ts';
import { decideGoals } from './alternatives.ts';
import type { Outcome } from './goal-set.ts';
import type { KeyReader } from './key-state.ts';
import type { ObjectPlan, PropertyMeaning } from './object-plan.ts';
import { afterProperty } from './object-state.ts';
import { createSlot, type Slot } from './slot.ts';

/** An alternative still possible, and which of its demands are met. */
export interface LiveAlternative {
  readonly at: number;
  readonly met: readonly boolean[];
}

/** An object with some properties written. */
export interface ObjectFrame {
  readonly id: number;
  readonly slot: Slot;
  readonly plan: ObjectPlan;
  readonly alive: readonly LiveAlternative[];
  /** Bits of the known names written. */
  readonly seen: Uint32Array;
  readonly count: number;
  /** Names written that the plan does not know, sorted; only as long as `distinctMin` asks for them. */
  readonly others: readonly string[];
  /** Remembered answers. */
  readonly slots: Map<PropertyMeaning | string, Slot | null>;
  readonly readers: Map<number, KeyReader | null>;
}

export function makeFrame(parts: Omit<ObjectFrame, 'slots' | 'readers'>): ObjectFrame {
  return { ...parts, slots: new Map(), readers: new Map() };
}

type FrameParts = Pick<ObjectFrame, 'alive' | 'seen' | 'count' | 'others'>;

export function frameKey({ alive, seen, count, others }: FrameParts): string {
  const left = alive.map(({ at, met }) => (met.length === 0 ? at : `${at}:${met.map(Number).join('')}`));
  const names = others.length === 0 ? '' : JSON.stringify(others);
  return `{${count}|${seen.join(',')}|${left.join(' ')}${names}`;
}

export function hasSeen(seen: Uint32Array, name: number): boolean {
  return ((seen[name >> 5]! >>> (name & 31)) & 1) === 1;
}

/** The state after `}`; null when no main goal's object is complete. */
export function closeObject(frame: ObjectFrame): State | null {
  const { slot, plan, alive } = frame;
  const complete = new Set<number>();
  for (const entry of alive) if (isComplete(frame, entry)) complete.add(entry.at);
  if (complete.size === 0) return null;
  const satisfied = decideGoals(plan.alternatives, (at) => complete.has(at), slot.goals.formulas.length);
  const outcome = slot.goals.outcome(satisfied);
  return outcome === null ? null : slot.finish(outcome);
}

function isComplete({ plan, seen, count }: ObjectFrame, { at, met }: LiveAlternative): boolean {
  const { clause } = plan.alternatives[at]!;
  if (count < clause.min || count > clause.max || !met.every(Boolean)) return false;
  for (const name of clause.required) if (!hasSeen(seen, plan.nameIndexes.get(name)!)) return false;
  return clause.dependents.every(
    ({ name, needs }) =>
      !hasSeen(seen, plan.nameIndexes.get(name)!) ||
      needs.every((need) => hasSeen(seen, plan.nameIndexes.get(need)!)),
  );
}

/** Whether names that the plan does not know have to be told apart. */
export function tellsNamesApart({ plan, count }: ObjectFrame): boolean {
  return count < plan.distinctMin;
}

/**
 * The place for the value of a property of this meaning; null when the object may not have it.
 * @param other its name, where names have to be told apart and the plan does not know this one.
 */
export function propertySlot(
  frame: ObjectFrame,
  meaning: PropertyMeaning,
  other: string | null = null,
): Slot | null {
  const key = other ?? meaning;
  let slot = frame.slots.get(key);
  if (slot === undefined) {
    slot = makePropertySlot(frame, meaning, other);
    frame.slots.set(key, slot);
  }
  return slot;
}

function makePropertySlot(frame: ObjectFrame, meaning: PropertyMeaning, other: string | null): Slot | null {
  const { plan, alive, seen } = frame;
  const { world } = frame.slot;
  if (meaning.name >= 0 && hasSeen(seen, meaning.name)) return null;
  const taking = alive.filter(({ at }) => meaning.values[at] !== null && hasRoom(frame, at, meaning.name));
  const mains = new Set<Formula>();
  for (const { at } of taking) if (plan.alternatives[at]!.main) mains.add(meaning.values[at]!);
  if (mains.size === 0) return null;
  const all = new Set<Formula>(mains);
  for (const { at, met } of taking) {
    all.add(meaning.values[at]!);
    meaning.demands[at]!.forEach((formula, index) => {
      if (formula !== null && !met[index]) all.add(formula);
    });
  }
  const formulas = [...all];
  const places = new Map(formulas.map((formula, place) => [formula, place]));
  const follow = ({ satisfied }: Outcome) => {
    const holds = (formula: Formula) => satisfied.has(places.get(formula)!);
    const left = taking
      .filter(({ at }) => holds(meaning.values[at]!))
      .map(({ at, met }) => ({
        at,
        met: met.map((done, index) => {
          const formula = meaning.demands[at]![index];
          return done || (formula !== null && formula !== undefined && holds(formula));
        }),
      }));
    return afterProperty(frame, { name: meaning.name, other }, left);
  };
  return createSlot(world, world.goalSet(formulas, mains.size), follow);
}

/** Whether an alternative can take one more property and still all that it needs. */
function hasRoom(frame: ObjectFrame, at: number, name: number): boolean {
  const { plan, seen, count } = frame;
  const { clause } = plan.alternatives[at]!;
  if (clause.max === Infinity && clause.dependents.length === 0) return true;
  const missing = missingNames(plan, clause, seen, name);
  if (count + 1 + missing.size > clause.max) return false;
  return [...missing].every((each) => plan.meaningOfName(each).values[at] !== null);
}

/**
 * Names still to come if `name` is written now: required ones and those that names already there bring along.
 */
function missingNames(plan: ObjectPlan, clause: ObjectClause, seen: Uint32Array, name: number): Set<number> {
  const missing = new Set<number>();
  const isThere = (each: number) => each === name || hasSeen(seen, each);
  const need = (text: string) => {
    const each = plan.nameIndexes.get(text)!;
    if (!isThere(each)) missing.add(each);
  };
  clause.required.forEach(need);
  for (let before = -1; before !== missing.size; ) {
    before = missing.size;
    for (const dependent of clause.dependents) {
      const trigger = plan.nameIndexes.get(dependent.name)!;
      if (isThere(trigger) || missing.has(trigger)) dependent.needs.forEach(need);
    }
  }
  return missing;
}
