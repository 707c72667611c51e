import { type ArrayClause, arrayClauseKey, intersectArrays, itemFormula } from './array-clause.ts';
import type { Formula, FormulaPool } from './formula.ts';
import { isHollowObject } from './hollow-object.ts';
import { absorbsObject, intersectObjects, type ObjectClause, objectClauseKey } from './object-clause.ts';

/** Thrown when multiplying alternatives out gives too many; the caller then checks beside the clause. */
export class TooManyCases extends Error {}

/** Unions of clauses of one kind. */
export interface ClauseSets<C> {
  /** Without repetitions and clauses that others hold already. */
  distinct(list: readonly C[]): readonly C[];
  /** Every clause of the one with every clause of the other. Throws TooManyCases. */
  cross(left: readonly C[], right: readonly C[]): readonly C[];
  /** Whether some value may satisfy both. */
  meet(left: C, right: C): boolean;
  /** Whether no value satisfies the clause, as far as is quickly seen. */
  isHollow(clause: C): boolean;
}

export interface ClauseTools {
  readonly formulas: FormulaPool;
  readonly casesMax: number;
  spend(units: number): void;
  isNone(formula: Formula): boolean;
}

export function createObjectSets(tools: ClauseTools): ClauseSets<ObjectClause> {
  return createClauseSets(tools, {
    intersect: intersectObjects,
    isHollow: (clause) => isHollowObject(clause, tools),
    keyOf: objectClauseKey,
    absorbs: absorbsObject,
  });
}

export function createArraySets(tools: ClauseTools): ClauseSets<ArrayClause> {
  return createClauseSets(tools, {
    intersect: (left, right) => intersectArrays(tools.formulas, left, right),
    isHollow: (clause) => isHollowArray(tools, clause),
    keyOf: arrayClauseKey,
    absorbs: () => false,
  });
}

function isHollowArray({ isNone }: ClauseTools, clause: ArrayClause): boolean {
  if (clause.min > clause.max) return true;
  const needed = Math.min(clause.min, clause.prefix.length + 1);
  return Array.from({ length: needed }, (_, index) => itemFormula(clause, index)).some(isNone);
}

interface ClauseRules<C> {
  intersect(left: C, right: C): C | null;
  isHollow(clause: C): boolean;
  keyOf(clause: C): string;
  absorbs(outer: C, inner: C): boolean;
}

/** Comparing each clause with each other one pays for so many at most. */
const ABSORBED_MAX = 64;

function createClauseSets<C>(tools: ClauseTools, rules: ClauseRules<C>): ClauseSets<C> {
  const distinct = (list: readonly C[]): readonly C[] => {
    if (list.length < 2) return list;
    tools.spend(list.length);
    const kept = [...new Map(list.map((clause) => [rules.keyOf(clause), clause])).values()];
    if (kept.length > ABSORBED_MAX) return kept;
    return kept.filter((inner) => !kept.some((outer) => outer !== inner && rules.absorbs(outer, inner)));
  };
  const combine = (left: C, right: C): C | null => {
    tools.spend(1);
    const both = rules.intersect(left, right);
    return both === null || rules.isHollow(both) ? null : both;
  };
  return {
    distinct,
    meet: (left, right) => combine(left, right) !== null,
    isHollow: rules.isHollow,
    cross(left, right) {
      const most = Math.max(tools.casesMax, left.length, right.length);
      const found: C[] = [];
      for (const a of left) {
        for (const b of right) {
          const both = combine(a, b);
          if (both !== null) found.push(both);
          if (found.length > most) throw new TooManyCases();
        }
      }
      return distinct(found);
    },
  };
}
