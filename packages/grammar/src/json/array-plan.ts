import { type ArrayClause, itemFormula } from '../schema/array-clause.ts';
import type { Formula } from '../schema/formula.ts';
import { type Alternative, collectAlternatives } from './alternatives.ts';
import type { GoalSet } from './goal-set.ts';
import type { JsonWorld } from './json-world.ts';
import type { Scalar } from './slot.ts';

/** The arrays that a goal set allows: one alternative per clause. */
export interface ArrayPlan {
  readonly alternatives: readonly Alternative<ArrayClause>[];
  /** Formulas watched beside the goals, for clauses with checks; goal numbers go on with these. */
  readonly watched: readonly Formula[];
  /** From this index on all items are alike. */
  readonly indexMax: number;
}

export function createArrayPlan(world: JsonWorld, goals: GoalSet): ArrayPlan | null {
  const { alternatives, watched } = collectAlternatives(world, goals, (set) => set.arrays);
  if (!alternatives.some((alternative) => alternative.main)) return null;
  const indexMax = Math.max(
    ...alternatives.map(({ clause }) =>
      Math.max(
        clause.prefix.length,
        clause.min,
        clause.max === Infinity ? 0 : clause.max,
        ...clause.counts.map((count) => count.from),
      ),
    ),
  );
  return { alternatives, watched, indexMax };
}

/** What an item must satisfy in a clause, and what it is worth watching it for. */
export interface ItemGoals {
  readonly main: Formula;
  /** Per count of the clause: satisfied if the item counts; null where it no longer matters. */
  readonly counted: readonly (Formula | null)[];
}

/** What an array holds so far. */
export interface ArrayProgress {
  readonly index: number;
  readonly counters: readonly number[];
  readonly seen: readonly Scalar[];
}

/** The goals of the next item, or null if the clause has no place for it. */
export function itemGoals(world: JsonWorld, clause: ArrayClause, progress: ArrayProgress): ItemGoals | null {
  const { index, counters, seen } = progress;
  if (index >= clause.max) return null;
  const { formulas } = world.expander;
  const placesLeft = clause.max - index;
  const parts = [itemFormula(clause, index)];
  if (clause.unique && seen.length > 0) parts.push(formulas.unlike(seen));
  const open: number[] = [];
  clause.counts.forEach((count, at) => {
    if (index < count.from) return;
    const counter = counters[at]!;
    if (counter >= count.max) parts.push(formulas.not(count.value));
    else if (count.min - counter >= placesLeft) parts.push(count.value);
    if (counter < count.max && (counter < count.min || count.max < Infinity)) open.push(at);
  });
  const main = formulas.and(parts);
  if (world.liveness.isEmpty(main)) return null;
  const counted = clause.counts.map((count, at) =>
    open.includes(at) ? formulas.and([main, count.value]) : null,
  );
  return { main, counted };
}
