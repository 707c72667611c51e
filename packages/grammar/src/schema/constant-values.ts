import { decimalOf } from '../number/decimal.ts';
import { numberClause } from '../number/number-clause.ts';
import type { RegexEngine } from '../regex/lazy-dfa.ts';
import { anyArray } from './array-clause.ts';
import type { FormulaPool } from './formula.ts';
import { ANY_OBJECT, type ObjectShape } from './object-clause.ts';
import type { ValueSet, ValueSets } from './value-set.ts';

export interface ConstantTools {
  readonly engine: RegexEngine;
  readonly formulas: FormulaPool;
  readonly sets: ValueSets;
  readonly nextShapeId: () => number;
}

/** The set that holds one JSON value. */
export function valuesEqualTo(tools: ConstantTools, value: unknown): ValueSet {
  const { sets, formulas, engine } = tools;
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
    return sets.only({
      arrays: [{ ...anyArray(formulas), prefix, rest: formulas.no, min: length, max: length }],
    });
  }
  const members = Object.entries(value as Record<string, unknown>);
  const shape: ObjectShape = {
    id: tools.nextShapeId(),
    props: new Map(members.map(([name, member]) => [name, formulas.constant(member)])),
    patterns: [],
    additional: formulas.no,
  };
  const required = members.map(([name]) => name);
  return sets.only({ objects: [{ ...ANY_OBJECT, shapes: [shape], required, settled: true }] });
}

/** The set of all JSON values but one. */
export function valuesUnlike(tools: ConstantTools, value: unknown): ValueSet {
  const { sets, formulas, engine } = tools;
  if (value === null) return sets.except({ nulls: false });
  if (typeof value === 'boolean') return sets.except({ trues: !value, falses: value });
  if (typeof value === 'string') {
    return sets.except({ strings: engine.pool.not(engine.pool.literals([value])) });
  }
  if (typeof value === 'number') {
    const bound = { value: decimalOf(value), exclusive: true };
    return sets.except({ numbers: [numberClause({ max: bound }), numberClause({ min: bound })] });
  }
  const any = anyArray(formulas);
  if (Array.isArray(value)) {
    const { length } = value;
    const shorter = length > 0 ? [{ ...any, max: length - 1 }] : [];
    const unlike = value.map((item, index) => ({
      ...any,
      prefix: [...value.slice(0, index).map(() => formulas.yes), formulas.not(formulas.constant(item))],
      min: index + 1,
    }));
    return sets.except({ arrays: [...shorter, { ...any, min: length + 1 }, ...unlike] });
  }
  const members = Object.entries(value as Record<string, unknown>);
  const names = engine.pool.literals(members.map(([name]) => name));
  const shapeWith = (name: string, property: typeof formulas.no): ObjectShape => ({
    id: tools.nextShapeId(),
    props: new Map([[name, property]]),
    patterns: [],
    additional: formulas.yes,
  });
  const extra = { ...ANY_OBJECT, demands: [{ names: engine.pool.not(names), value: formulas.yes }] };
  const missing = members.map(([name]) => ({ ...ANY_OBJECT, shapes: [shapeWith(name, formulas.no)] }));
  const unlike = members.map(([name, member]) => ({
    ...ANY_OBJECT,
    shapes: [shapeWith(name, formulas.not(formulas.constant(member)))],
    required: [name],
  }));
  return sets.except({ objects: [extra, ...missing, ...unlike] });
}
