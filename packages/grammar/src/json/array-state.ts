import type { Formula } from '../schema/formula.ts';
import type { State } from '../state.ts';
import { decideGoals } from './alternatives.ts';
import { type ArrayPlan, type ItemGoals, itemGoals } from './array-plan.ts';
import { createGapState } from './gap-state.ts';
import type { Outcome } from './goal-set.ts';
import { createSlot, type Slot, stateAt } from './slot.ts';
import { startValue, valueStart } from './value-state.ts';

/** An array with some items written: which alternatives are left, and what they have counted. */
interface ArrayFrame {
  readonly slot: Slot;
  readonly plan: ArrayPlan;
  readonly index: number;
  readonly alive: readonly { readonly at: number; readonly counters: readonly number[] }[];
}

const COMMA = 0x2c;
const CLOSE = 0x5d;

/** After `[`; null when the slot is for no array that could be finished. */
export function openArray(slot: Slot): State | null {
  return stateAt(slot, '[', () => {
    const plan = slot.goals.arrayPlan();
    if (plan === null) return null;
    const alive = plan.alternatives.map(({ clause }, at) => ({ at, counters: clause.counts.map(() => 0) }));
    const frame = { slot, plan, index: 0, alive };
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

function frameKey({ index, alive }: ArrayFrame): string {
  return `[${index}|${alive.map(({ at, counters }) => `${at}:${counters.join(',')}`).join(' ')}`;
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
  const { slot, plan, index, alive } = frame;
  const { world } = slot;
  const wanted = alive
    .map(({ at, counters }) => ({
      at,
      counters,
      goals: itemGoals(world, plan.alternatives[at]!.clause, index, counters),
    }))
    .filter((entry): entry is typeof entry & { goals: ItemGoals } => entry.goals !== null);
  const mains = new Set<Formula>();
  for (const { at, goals } of wanted) if (plan.alternatives[at]!.main) mains.add(goals.main);
  if (mains.size === 0) return null;
  const all = new Set<Formula>(mains);
  for (const { goals } of wanted) {
    all.add(goals.main);
    for (const counted of goals.counted) if (counted !== null) all.add(counted);
  }
  const formulas = [...all];
  const places = new Map(formulas.map((formula, place) => [formula, place]));
  const goals = world.goalSet(formulas, mains.size);
  const follow = ({ satisfied }: Outcome) => {
    const holds = (formula: Formula) => satisfied.has(places.get(formula)!);
    const left = wanted
      .filter((entry) => holds(entry.goals.main))
      .map(({ at, counters, goals: { counted } }) => ({
        at,
        counters: counters.map((counter, place) => {
          const formula = counted[place];
          return formula && holds(formula) ? counter + 1 : counter;
        }),
      }));
    return afterItem({ ...frame, index: Math.min(index + 1, plan.indexMax), alive: left });
  };
  return createSlot(world, goals, follow);
}
