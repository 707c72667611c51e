import type { Formula, FormulaPool } from './formula.ts';
import type { ValueCheck } from './object-clause.ts';

/** "Of the items from this index on, so many satisfy the formula." */
export interface ItemCount {
  readonly from: number;
  readonly value: Formula;
  readonly min: number;
  readonly max: number;
}

/** Items that subschemas have looked at, for `unevaluatedItems`. */
export interface EvaluatedItems {
  readonly all: boolean;
  /** The first so many. */
  readonly count: number;
  /** And those that satisfy one of these. */
  readonly matching: readonly Formula[];
}

/** Arrays that satisfy all of these. */
export interface ArrayClause {
  readonly prefix: readonly Formula[];
  /** For items after the prefix. */
  readonly rest: Formula;
  readonly min: number;
  readonly max: number;
  readonly counts: readonly ItemCount[];
  readonly unique: boolean;
  readonly checks: readonly ValueCheck[];
  readonly evaluated: EvaluatedItems;
}

export const NO_ITEM_EVALUATED: EvaluatedItems = { all: false, count: 0, matching: [] };

export function anyArray(formulas: FormulaPool): ArrayClause {
  return {
    prefix: [],
    rest: formulas.yes,
    min: 0,
    max: Infinity,
    counts: [],
    unique: false,
    checks: [],
    evaluated: NO_ITEM_EVALUATED,
  };
}

export function itemFormula(clause: ArrayClause, index: number): Formula {
  return clause.prefix[index] ?? clause.rest;
}

/** Arrays in both clauses, or null where the lengths exclude each other. */
export function intersectArrays(
  formulas: FormulaPool,
  left: ArrayClause,
  right: ArrayClause,
): ArrayClause | null {
  const min = Math.max(left.min, right.min);
  const max = Math.min(left.max, right.max);
  if (min > max) return null;
  const length = Math.max(left.prefix.length, right.prefix.length);
  return {
    prefix: Array.from({ length }, (_, index) =>
      formulas.and([itemFormula(left, index), itemFormula(right, index)]),
    ),
    rest: formulas.and([left.rest, right.rest]),
    min,
    max,
    counts: [...new Set([...left.counts, ...right.counts])],
    unique: left.unique || right.unique,
    checks: [...new Set([...left.checks, ...right.checks])],
    evaluated: {
      all: left.evaluated.all || right.evaluated.all,
      count: Math.max(left.evaluated.count, right.evaluated.count),
      matching: [...new Set([...left.evaluated.matching, ...right.evaluated.matching])],
    },
  };
}

/** Distinguishes clauses; equal keys mean equal clauses. */
export function arrayClauseKey(clause: ArrayClause): string {
  const { evaluated } = clause;
  return [
    clause.prefix.map((formula) => formula.id).join(','),
    clause.rest.id,
    clause.min,
    clause.max,
    clause.counts.map(({ from, value, min, max }) => `${from}:${value.id}:${min}:${max}`).join(','),
    clause.unique,
    clause.checks.map(({ formula, wanted }) => `${wanted}${formula.id}`).join(','),
    evaluated.all,
    evaluated.count,
    evaluated.matching.map((formula) => formula.id).join(','),
  ].join('|');
}
