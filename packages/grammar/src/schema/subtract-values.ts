import { intersectNumbers, type NumberClause, negateNumber } from '../number/number-clause.ts';
import { type ClauseSets, TooManyCases } from './clause-sets.ts';
import type { Expansion } from './expansion.ts';
import type { Formula } from './formula.ts';
import type { ValueCheck } from './object-clause.ts';
import { subtractArrays } from './subtract-arrays.ts';
import { subtractObjects } from './subtract-objects.ts';
import { distinctNumbers, type ValueSet } from './value-set.ts';

/**
 * The values that a formula does not allow. Where a keyword of the formula is not enforced, it is not known
 * what it refuses, and all values stay. Where taking clauses apart gives too many, the formula is decided
 * beside the value instead.
 */
export function subtractFormula(expansion: Expansion, values: ValueSet, formula: Formula): ValueSet {
  const inside = expansion.expand(formula);
  if (inside.loose) return values;
  const { pool } = expansion.engine;
  const check = { formula, wanted: false };
  return {
    nulls: values.nulls && !inside.nulls,
    trues: values.trues && !inside.trues,
    falses: values.falses && !inside.falses,
    numbers: distinctNumbers(inside.numbers.reduce(subtractNumbers, values.numbers)),
    strings: pool.and([values.strings, pool.not(inside.strings)]),
    arrays: takeAway(expansion, values.arrays, inside.arrays, {
      sets: expansion.arrays,
      subtract: subtractArrays,
      check,
    }),
    objects: takeAway(expansion, values.objects, inside.objects, {
      sets: expansion.objects,
      subtract: subtractObjects,
      check,
    }),
    loose: values.loose,
  };
}

function subtractNumbers(left: readonly NumberClause[], right: NumberClause): readonly NumberClause[] {
  const outside = negateNumber(right);
  return left.flatMap((clause) =>
    outside.map((other) => intersectNumbers(clause, other)).filter((both) => both !== null),
  );
}

interface Subtraction<C> {
  readonly sets: ClauseSets<C>;
  /**
   * Clauses whose union is `left` without `right`; throws TooManyCases where that cannot be said in clauses.
   */
  subtract(expansion: Expansion, left: C, right: C): C[];
  /** Says the same of a whole value, for the case that there would be too many clauses. */
  readonly check: ValueCheck;
}

function takeAway<C extends { readonly checks: readonly ValueCheck[] }>(
  expansion: Expansion,
  values: readonly C[],
  inside: readonly C[],
  { sets, subtract, check }: Subtraction<C>,
): readonly C[] {
  // In tagged unions most clauses have nothing in common with what is taken away.
  const without = (clause: C, right: C): C[] =>
    sets.meet(clause, right)
      ? subtract(expansion, clause, right).filter((rest) => !sets.isHollow(rest))
      : [clause];
  try {
    let left = values;
    for (const right of inside) {
      left = sets.distinct(left.flatMap((clause) => without(clause, right)));
      if (left.length > expansion.limits.casesMax) throw new TooManyCases();
    }
    return left;
  } catch (error) {
    if (!(error instanceof TooManyCases)) throw error;
    return values.map((clause) => ({ ...clause, checks: [...clause.checks, check] }));
  }
}
