import type { RegexNode } from '../regex/regex-node.ts';
import type { Formula, FormulaPool } from './formula.ts';
import type { ObjectShape } from './object-clause.ts';

/**
 * Makes shapes; those of one name or one language of names are made once, so that clauses with them compare
 * equal.
 */
export interface ObjectShapes {
  make(parts: Omit<ObjectShape, 'id'>): ObjectShape;
  /** Says something of one property only. */
  ofName(name: string, value: Formula): ObjectShape;
  /** Says something of the properties in a language only. */
  ofNames(names: RegexNode, value: Formula): ObjectShape;
}

export function createObjectShapes(formulas: FormulaPool): ObjectShapes {
  const known = new Map<string, ObjectShape>();
  let nextId = 0;
  const make = (parts: Omit<ObjectShape, 'id'>): ObjectShape => ({ ...parts, id: nextId++ });
  const once = (key: string, parts: Partial<ObjectShape>): ObjectShape => {
    let shape = known.get(key);
    if (shape === undefined) {
      shape = make({ props: new Map(), patterns: [], additional: formulas.yes, ...parts });
      known.set(key, shape);
    }
    return shape;
  };
  return {
    make,
    ofName: (name, value) => once(`${value.id}=${name}`, { props: new Map([[name, value]]) }),
    ofNames: (names, value) => once(`${value.id}~${names.id}`, { patterns: [{ names, value }] }),
  };
}
