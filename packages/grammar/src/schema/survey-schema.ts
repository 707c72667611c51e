import { itemFormula } from './array-clause.ts';
import type { Expander } from './expander.ts';
import type { Formula } from './formula.ts';
import { propertyFormula } from './object-clause.ts';

/**
 * Expands every formula that a value may meet, so that wrong schemas, keywords not enforced and schemas that
 * unfold beyond the limits are found while compiling rather than while writing.
 */
export function surveySchema(expander: Expander): void {
  const { formulas } = expander;
  const seen = new Set<Formula>();
  const pending: Formula[] = [expander.root];
  for (let formula = pending.pop(); formula !== undefined; formula = pending.pop()) {
    if (seen.has(formula)) continue;
    seen.add(formula);
    const { objects, arrays } = expander.valuesOf(formula);
    for (const clause of objects) {
      const names = new Set(clause.shapes.flatMap((shape) => [...shape.props.keys()]));
      for (const name of names) pending.push(propertyFormula(formulas, clause, name, () => false));
      pending.push(propertyFormula(formulas, clause, null, () => false));
      for (const shape of clause.shapes) for (const pattern of shape.patterns) pending.push(pattern.value);
      for (const demand of clause.demands) pending.push(demand.value);
    }
    for (const clause of arrays) {
      clause.prefix.forEach((_, index) => {
        pending.push(itemFormula(clause, index));
      });
      pending.push(clause.rest, ...clause.counts.map((count) => count.value));
    }
  }
}
