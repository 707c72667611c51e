import { decimalOf } from '../number/decimal.ts';
import { intersectNumbers, type NumberClause, numberClause } from '../number/number-clause.ts';
import { anyArray } from './array-clause.ts';
import type { Expansion } from './expansion.ts';
import { ANY_OBJECT } from './object-clause.ts';
import type { ValueSet } from './value-set.ts';

/** The set that holds one JSON value. */
export function valuesEqualTo({ sets, formulas, engine, shapes }: Expansion, value: unknown): ValueSet {
  if (value === null) return sets.only({ nulls: true });
  if (typeof value === 'boolean') return sets.only({ trues: value, falses: !value });
  if (typeof value === 'string') return sets.only({ strings: engine.pool.literals([value]) });
  if (typeof value === 'number') {
    const bound = { value: decimalOf(value), exclusive: false };
    return sets.only({ numbers: [numberClause({ min: bound, max: bound })] });
  }
  if (Array.isArray(value)) {
    const prefix = value.map((item) => formulas.constant(item));
    const { length } = value;
    const clause = { ...anyArray(formulas), prefix, rest: formulas.no, min: length, max: length };
    return sets.only({ arrays: [clause] });
  }
  const members = Object.entries(value as Record<string, unknown>);
  const shape = shapes.make({
    props: new Map(members.map(([name, member]) => [name, formulas.constant(member)])),
    patterns: [],
    additional: formulas.no,
  });
  const required = members.map(([name]) => name);
  return sets.only({ objects: [{ ...ANY_OBJECT, shapes: [shape], required, settled: true }] });
}

/** The set of all values but some scalars. */
export function valuesUnlike({ sets, engine }: Expansion, values: readonly unknown[]): ValueSet {
  const texts = values.filter((value) => typeof value === 'string');
  let numbers = sets.all.numbers;
  for (const value of values) {
    if (typeof value === 'number') numbers = withoutNumber(numbers, value);
  }
  return sets.except({
    nulls: !values.includes(null),
    trues: !values.includes(true),
    falses: !values.includes(false),
    numbers,
    strings: engine.pool.not(engine.pool.literals(texts)),
  });
}

function withoutNumber(clauses: readonly NumberClause[], value: number): NumberClause[] {
  const bound = { value: decimalOf(value), exclusive: true };
  const around = [numberClause({ max: bound }), numberClause({ min: bound })];
  return clauses.flatMap((clause) =>
    around.map((side) => intersectNumbers(clause, side)).filter((both) => both !== null),
  );
}
