import type { RegexNode } from '../regex/regex-node.ts';
import type { Formula, FormulaPool } from './formula.ts';

/**
 * What every property of an object must satisfy, by its name: one group of `properties` and its companions.
 */
export interface ObjectShape {
  readonly id: number;
  readonly props: ReadonlyMap<string, Formula>;
  readonly patterns: readonly { readonly names: RegexNode; readonly value: Formula }[];
  /** For names that none of the above matches. */
  readonly additional: Formula;
}

/** "Some property has a name of this language and a value of this formula." */
export interface PropertyDemand {
  readonly names: RegexNode;
  readonly value: Formula;
}

/** A condition on the whole value that is followed beside the clause and decided at the value's end. */
export interface ValueCheck {
  readonly formula: Formula;
  readonly wanted: boolean;
}

/** Names that subschemas have looked at, for `unevaluatedProperties`. */
export interface EvaluatedProperties {
  readonly all: boolean;
  readonly names: ReadonlySet<string>;
  readonly patterns: readonly RegexNode[];
}

/** Objects that satisfy all of these. */
export interface ObjectClause {
  readonly shapes: readonly ObjectShape[];
  readonly required: readonly string[];
  readonly min: number;
  readonly max: number;
  /** Names that bring other names with them. */
  readonly dependents: readonly { readonly name: string; readonly needs: readonly string[] }[];
  readonly demands: readonly PropertyDemand[];
  readonly checks: readonly ValueCheck[];
  readonly evaluated: EvaluatedProperties;
  /** Whether a subschema has `properties`, and whether one says what other properties may be. */
  readonly declares: boolean;
  readonly settled: boolean;
}

export const NOTHING_EVALUATED: EvaluatedProperties = { all: false, names: new Set(), patterns: [] };

export const ANY_OBJECT: ObjectClause = {
  shapes: [],
  required: [],
  min: 0,
  max: Infinity,
  dependents: [],
  demands: [],
  checks: [],
  evaluated: NOTHING_EVALUATED,
  declares: false,
  settled: false,
};

/** Objects in both clauses. */
export function intersectObjects(left: ObjectClause, right: ObjectClause): ObjectClause {
  if (left === ANY_OBJECT || left === right) return right;
  if (right === ANY_OBJECT) return left;
  return {
    shapes: unite(left.shapes, right.shapes),
    required: unite(left.required, right.required),
    min: Math.max(left.min, right.min),
    max: Math.min(left.max, right.max),
    dependents: unite(left.dependents, right.dependents),
    demands: unite(left.demands, right.demands),
    checks: unite(left.checks, right.checks),
    evaluated: {
      all: left.evaluated.all || right.evaluated.all,
      names: left.evaluated.names.union(right.evaluated.names),
      patterns: unite(left.evaluated.patterns, right.evaluated.patterns),
    },
    declares: left.declares || right.declares,
    settled: left.settled || right.settled,
  };
}

/** Distinguishes clauses; equal keys mean equal clauses. */
export function objectClauseKey(clause: ObjectClause): string {
  const { evaluated } = clause;
  return [
    clause.shapes.map((shape) => shape.id).join(','),
    JSON.stringify([...clause.required].sort()),
    clause.min,
    clause.max,
    JSON.stringify(clause.dependents),
    clause.demands.map(({ names, value }) => `${names.id}=${value.id}`).join(','),
    clause.checks.map(({ formula, wanted }) => `${wanted}${formula.id}`).join(','),
    evaluated.all,
    JSON.stringify([...evaluated.names].sort()),
    evaluated.patterns.map((pattern) => pattern.id).join(','),
    clause.declares,
    clause.settled,
  ].join('|');
}

/** What the value of a property must satisfy; `matches` tells which patterns its name is in. */
export function propertyFormula(
  formulas: FormulaPool,
  clause: ObjectClause,
  name: string | null,
  matches: (names: RegexNode) => boolean,
): Formula {
  return formulas.and(
    clause.shapes.map((shape) => {
      const parts: Formula[] = [];
      const own = name === null ? undefined : shape.props.get(name);
      if (own !== undefined) parts.push(own);
      for (const pattern of shape.patterns) if (matches(pattern.names)) parts.push(pattern.value);
      return parts.length === 0 ? shape.additional : formulas.and(parts);
    }),
  );
}

function unite<T>(left: readonly T[], right: readonly T[]): readonly T[] {
  if (right.length === 0) return left;
  if (left.length === 0) return right;
  return [...new Set([...left, ...right])];
}

/** Whether every object of `inner` is plainly one of `outer`: it asks for all that `outer` does. */
export function absorbsObject(outer: ObjectClause, inner: ObjectClause): boolean {
  const { evaluated } = outer;
  return (
    isSubset(outer.shapes, inner.shapes) &&
    isSubset(outer.required, inner.required) &&
    outer.min <= inner.min &&
    outer.max >= inner.max &&
    isSubset(outer.dependents, inner.dependents) &&
    isSubset(outer.demands, inner.demands) &&
    isSubset(outer.checks, inner.checks) &&
    (evaluated.all || !inner.evaluated.all) &&
    evaluated.names.isSupersetOf(inner.evaluated.names) &&
    isSubset(inner.evaluated.patterns, evaluated.patterns) &&
    outer.declares === inner.declares &&
    outer.settled === inner.settled
  );
}

function isSubset<T>(part: readonly T[], whole: readonly T[]): boolean {
  return part.every((item) => whole.includes(item));
}
