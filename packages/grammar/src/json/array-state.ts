import type { Formula } from '../schema/formula.ts';
import type { State } from '../state.ts';
import { decideGoals } from './alternatives.ts';
import { type ArrayPlan, type ItemGoals, itemGoals } from './array-plan.ts';
import { createGapState } from './gap-state.ts';
import type { Outcome } from './goal-set.ts';
import { createSlot, createTracedSlot, type Scalar, type Slot, stateAt } from './slot.ts';
import { startValue, valueStart } from './value-state.ts';

/** An array with some items written: which alternatives are left, and what they have counted. */
interface ArrayFrame {
  readonly slot: Slot;
  readonly plan: ArrayPlan;
  readonly index: number;
  readonly alive: readonly { readonly at: number; readonly counters: readonly number[] }[];
  /** Scalars written, where an alternative wants its items unique. */
  readonly seen: readonly Scalar[];
}

const COMMA = 0x2c;
const CLOSE = 0x5d;

/** After `[`; null when the slot is for no array that could be finished. */
export function openArray(slot: Slot): State | null {
  return stateAt(slot, '[', () => {
    const plan = slot.goals.arrayPlan();
    if (plan === null) return null;
    const alive = plan.alternatives.map(({ clause }, at) => ({ at, counters: clause.counts.map(() => 0) }));
    const frame = { slot, plan, index: 0, alive, seen: [] };
    const closed = closeArray(frame);
    const item = itemSlot(frame);
    if (closed === null && item === null) return null;
    return createGapState({
      canEnd: false,
      firstBytes: Uint8Array.from([...(closed ? [CLOSE] : []), ...(item?.goals.firstBytes ?? [])]),
      derive(byte) {
        if (byte === CLOSE) return closed;
        return item === null ? null : startValue(item, byte);
      },
    });
  });
}

/** After an item. */
function afterItem(frame: ArrayFrame): State | null {
  const { slot } = frame;
  return stateAt(slot, frameKey(frame), () => {
    const closed = closeArray(frame);
    const item = itemSlot(frame);
    if (closed === null && item === null) return null;
    return createGapState({
      canEnd: false,
      firstBytes: Uint8Array.from([...(closed ? [CLOSE] : []), ...(item ? [COMMA] : [])]),
      derive(byte) {
        if (byte === CLOSE) return closed;
        return byte === COMMA && item !== null ? valueStart(item) : null;
      },
    });
  });
}

function frameKey({ index, alive, seen }: ArrayFrame): string {
  const left = alive.map(({ at, counters }) => `${at}:${counters.join(',')}`);
  return `[${index}|${left.join(' ')}|${seen.length === 0 ? '' : JSON.stringify(seen)}`;
}

function closeArray({ slot, plan, index, alive }: ArrayFrame): State | null {
  const complete = new Set<number>();
  for (const { at, counters } of alive) {
    const { clause } = plan.alternatives[at]!;
    if (index < clause.min) continue;
    if (clause.counts.every((count, place) => counters[place]! >= count.min)) complete.add(at);
  }
  const satisfied = decideGoals(plan.alternatives, (at) => complete.has(at), slot.goals.formulas.length);
  const outcome = slot.goals.outcome(satisfied);
  return outcome === null ? null : slot.finish(outcome);
}

/** The place for the next item; null when no alternative has one. */
function itemSlot(frame: ArrayFrame): Slot | null {
  const { plan, index, alive, seen } = frame;
  const { world } = frame.slot;
  const wanted = alive
    .map(({ at, counters }) => {
      const { clause } = plan.alternatives[at]!;
      return { at, counters, goals: itemGoals(world, clause, { index, counters, seen }) };
    })
    .filter((entry): entry is WantedItem => entry.goals !== null);
  const mains = new Set<Formula>();
  for (const { at, goals } of wanted) if (plan.alternatives[at]!.main) mains.add(goals.main);
  if (mains.size === 0) return null;
  const all = new Set<Formula>(mains);
  for (const { goals } of wanted) {
    all.add(goals.main);
    for (const counted of goals.counted) if (counted !== null) all.add(counted);
  }
  const formulas = [...all];
  const goals = world.goalSet(formulas, mains.size);
  const isUnique = wanted.some(({ at }) => plan.alternatives[at]!.clause.unique);
  if (!isUnique) return createSlot(world, goals, (outcome) => follow(frame, wanted, formulas, outcome));
  return createTracedSlot(world, goals, (outcome, value) => {
    const known = value === undefined ? seen : [...seen, value].sort(compareScalars);
    return follow({ ...frame, seen: known }, wanted, formulas, outcome);
  });
}

interface WantedItem {
  readonly at: number;
  readonly counters: readonly number[];
  readonly goals: ItemGoals;
}

/** Puts equal sets of scalars into one order, so that they make one state. */
function compareScalars(left: Scalar, right: Scalar): number {
  const [a, b] = [JSON.stringify(left), JSON.stringify(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** After an item that satisfies some of its goals. */
function follow(
  frame: ArrayFrame,
  wanted: readonly WantedItem[],
  formulas: readonly Formula[],
  { satisfied }: Outcome,
): State | null {
  const places = new Map(formulas.map((formula, place) => [formula, place]));
  const holds = (formula: Formula) => satisfied.has(places.get(formula)!);
  const alive = wanted
    .filter(({ goals }) => holds(goals.main))
    .map(({ at, counters, goals: { counted } }) => ({
      at,
      counters: counters.map((counter, place) => {
        const formula = counted[place];
        return formula && holds(formula) ? counter + 1 : counter;
      }),
    }));
  return afterItem({ ...frame, index: Math.min(frame.index + 1, frame.plan.indexMax), alive });
}
