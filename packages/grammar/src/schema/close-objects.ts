import type { Expansion } from './expansion.ts';
import type { ObjectClause } from './object-clause.ts';
import type { ValueSet } from './value-set.ts';

/**
 * The rule of the Fireworks API: where a schema has `properties` and says nothing of others, there are none,
 * as if it had `unevaluatedProperties: false`.
 */
export function closeObjects(expansion: Expansion, values: ValueSet): ValueSet {
  if (values.objects.every((clause) => !clause.declares || clause.settled)) return values;
  return {
    ...values,
    objects: values.objects.map((clause) =>
      clause.declares && !clause.settled ? closeObject(expansion, clause) : clause,
    ),
  };
}

function closeObject({ formulas, shapes }: Expansion, clause: ObjectClause): ObjectClause {
  const { names, patterns } = clause.evaluated;
  const shape = shapes.make({
    props: new Map([...names].map((name) => [name, formulas.yes])),
    patterns: patterns.map((pattern) => ({ names: pattern, value: formulas.yes })),
    additional: formulas.no,
  });
  return { ...clause, shapes: [...clause.shapes, shape], settled: true };
}
