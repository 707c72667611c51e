import type { ArrayClause } from './array-clause.ts';
import type { KeywordScene } from './keyword.ts';
import type { ObjectClause } from './object-clause.ts';
import type { ValueSet } from './value-set.ts';

/** Applies `unevaluatedProperties` and `unevaluatedItems` to what the other keywords of a schema left. */
export function settleUnevaluated(scene: KeywordScene, values: ValueSet): ValueSet {
  const { unevaluatedProperties, unevaluatedItems } = scene.schema;
  return {
    ...values,
    objects:
      unevaluatedProperties === undefined
        ? values.objects
        : values.objects.map((clause) => closeObject(scene, clause, unevaluatedProperties)),
    arrays:
      unevaluatedItems === undefined
        ? values.arrays
        : values.arrays.map((clause) => closeArray(scene, clause, unevaluatedItems)),
  };
}

function closeObject(scene: KeywordScene, clause: ObjectClause, schema: unknown): ObjectClause {
  const { evaluated } = clause;
  const settled = { ...clause, settled: true, evaluated: { ...evaluated, all: true } };
  if (evaluated.all) return settled;
  const { formulas } = scene;
  const shape = scene.shapes.make({
    props: new Map([...evaluated.names].map((name) => [name, formulas.yes])),
    patterns: evaluated.patterns.map((names) => ({ names, value: formulas.yes })),
    additional: scene.formulaOf(schema, 'unevaluatedProperties'),
  });
  return { ...settled, shapes: [...clause.shapes, shape] };
}

function closeArray(scene: KeywordScene, clause: ArrayClause, schema: unknown): ArrayClause {
  const { evaluated } = clause;
  const settled = { ...clause, evaluated: { ...evaluated, all: true } };
  if (evaluated.all) return settled;
  const { formulas } = scene;
  const unlooked = formulas.or([...evaluated.matching, scene.formulaOf(schema, 'unevaluatedItems')]);
  const length = Math.max(clause.prefix.length, evaluated.count);
  return {
    ...settled,
    prefix: Array.from({ length }, (_, index) => {
      const item = clause.prefix[index] ?? clause.rest;
      return index < evaluated.count ? item : formulas.and([item, unlooked]);
    }),
    rest: formulas.and([clause.rest, unlooked]),
  };
}
