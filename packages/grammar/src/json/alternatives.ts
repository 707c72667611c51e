import type { Formula } from '../schema/formula.ts';
import type { ValueCheck } from '../schema/object-clause.ts';
import type { ValueSet } from '../schema/value-set.ts';
import type { GoalSet } from './goal-set.ts';
import type { JsonWorld } from './json-world.ts';

/** One way for a value to satisfy one goal. */
export interface Alternative<C> {
  readonly goal: number;
  readonly clause: C;
  readonly main: boolean;
  /** Goals that must (not) be satisfied too when the value is complete. */
  readonly checks: readonly { readonly goal: number; readonly wanted: boolean }[];
}

/** All clauses of all goals, and of the formulas that clauses want checked beside them. */
export function collectAlternatives<C extends { readonly checks: readonly ValueCheck[] }>(
  world: JsonWorld,
  goals: GoalSet,
  clausesOf: (set: ValueSet) => readonly C[],
): { alternatives: Alternative<C>[]; watched: Formula[] } {
  const watched: Formula[] = [];
  const goalOf = (formula: Formula): number => {
    const known = watched.indexOf(formula);
    if (known >= 0) return goals.formulas.length + known;
    watched.push(formula);
    return goals.formulas.length + watched.length - 1;
  };
  const alternatives: Alternative<C>[] = [];
  const add = (set: ValueSet, goal: number) => {
    for (const clause of clausesOf(set)) {
      const checks = clause.checks.map(({ formula, wanted }) => ({ goal: goalOf(formula), wanted }));
      alternatives.push({ goal, clause, main: goal < goals.mains, checks });
    }
  };
  goals.values.forEach(add);
  for (let at = 0; at < watched.length; at++) {
    add(world.expander.expand(watched[at]!), goals.formulas.length + at);
  }
  return { alternatives, watched };
}

/**
 * Goals satisfied by a complete value, given which alternatives hold by themselves. Checks refer to goals
 * found later, so those are decided first; a check never leads back to its own goal.
 */
export function decideGoals<C>(
  alternatives: readonly Alternative<C>[],
  holds: (index: number) => boolean,
  goalCount: number,
): number[] {
  const decided = new Map<number, boolean>();
  const decide = (goal: number): boolean => {
    let answer = decided.get(goal);
    if (answer === undefined) {
      answer = alternatives.some(
        (alternative, index) =>
          alternative.goal === goal &&
          holds(index) &&
          alternative.checks.every((check) => decide(check.goal) === check.wanted),
      );
      decided.set(goal, answer);
    }
    return answer;
  };
  const satisfied: number[] = [];
  for (let goal = 0; goal < goalCount; goal++) if (decide(goal)) satisfied.push(goal);
  return satisfied;
}
