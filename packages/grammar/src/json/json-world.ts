import type { NumberEngine, NumberState } from '../number/number-automaton.ts';
import type { DfaState, RegexEngine } from '../regex/lazy-dfa.ts';
import type { Expander } from '../schema/expander.ts';
import type { Formula } from '../schema/formula.ts';
import type { Liveness } from '../schema/liveness.ts';
import type { WorkBudget } from '../work-budget.ts';
import { createGoalSet, type GoalSet } from './goal-set.ts';
import { createTupleTable, type TextTuple, type TupleTable } from './text-tuple.ts';

/** What all states of one schema share. */
export interface JsonWorld {
  readonly expander: Expander;
  readonly liveness: Liveness;
  readonly engine: RegexEngine;
  readonly numbers: NumberEngine;
  readonly budget: WorkBudget;
  readonly strings: TupleTable<DfaState>;
  readonly numerals: TupleTable<NumberState>;
  /** Goals for one value: the first `mains` are what the value is for, the others are only watched. */
  goalSet(formulas: readonly Formula[], mains: number): GoalSet;
}

export type StringTuple = TextTuple<DfaState>;
export type NumberTuple = TextTuple<NumberState>;

export function createJsonWorld(
  parts: Pick<JsonWorld, 'expander' | 'liveness' | 'engine' | 'numbers' | 'budget'>,
): JsonWorld {
  const goalSets = new Map<string, GoalSet>();
  const world: JsonWorld = {
    ...parts,
    strings: createTupleTable((state, codePoint) => state.step(codePoint)),
    numerals: createTupleTable((state, byte) => state.step(byte)),
    goalSet(formulas, mains) {
      const key = `${mains}:${formulas.map((formula) => formula.id).join(',')}`;
      let found = goalSets.get(key);
      if (found === undefined) {
        parts.budget.spend(1);
        found = createGoalSet(world, formulas, mains, goalSets.size);
        goalSets.set(key, found);
      }
      return found;
    },
  };
  return world;
}
