import type { Formula, FormulaPool } from './formula.ts';
import { type ObjectClause, propertyFormula } from './object-clause.ts';

export interface HollowTools {
  readonly formulas: FormulaPool;
  /** Whether a formula allows no value, as far as is seen without looking deep. */
  isNone(formula: Formula): boolean;
}

/**
 * Whether a clause plainly allows no object: a required property that may not be there or that two subschemas
 * want differently. Finding this early keeps `oneOf` over tagged objects from multiplying out.
 */
export function isHollowObject(clause: ObjectClause, { formulas, isNone }: HollowTools): boolean {
  if (clause.max < Math.max(clause.min, clause.required.length)) return true;
  if (clause.shapes.length < 2) {
    return clause.required.some((name) => clause.shapes[0]?.props.get(name) === formulas.no);
  }
  return clause.required.some((name) => {
    const named = clause.shapes.filter((shape) => shape.props.has(name) || shape.additional === formulas.no);
    if (named.length === 0) return false;
    // Patterns are left out: matching them here would cost more than it finds.
    const value = propertyFormula(
      formulas,
      { ...clause, shapes: named.filter((shape) => shape.props.has(name) || shape.patterns.length === 0) },
      name,
      () => false,
    );
    return value === formulas.no || (value.kind === 'and' && isNone(value));
  });
}
