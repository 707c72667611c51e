import type { RegexNode } from '../regex/regex-node.ts';
import type { Expansion } from './expansion.ts';
import type { Formula } from './formula.ts';
import { type ObjectClause, type ObjectShape, propertyFormula } from './object-clause.ts';

/**
 * Clauses whose union is the objects in `left` but not in `right`: one for each thing that `right` asks more.
 */
export function subtractObjects(
  expansion: Expansion,
  left: ObjectClause,
  right: ObjectClause,
): ObjectClause[] {
  const found: ObjectClause[] = [];
  const { shapes, formulas } = expansion;
  const without = (name: string): ObjectClause => addShape(left, shapes.ofName(name, formulas.no));
  for (const name of right.required) if (!left.required.includes(name)) found.push(without(name));
  for (const shape of right.shapes) {
    if (!left.shapes.includes(shape)) found.push(...breakShape(expansion, left, shape));
  }
  if (right.min > left.min) found.push({ ...left, max: Math.min(left.max, right.min - 1) });
  if (right.max < left.max) found.push({ ...left, min: Math.max(left.min, right.max + 1) });
  for (const { name, needs } of right.dependents) {
    for (const need of needs) found.push(require(without(need), name));
  }
  for (const { names, value } of right.demands) {
    found.push(addShape(left, shapes.ofNames(names, formulas.not(value))));
  }
  for (const { formula, wanted } of right.checks) {
    found.push({ ...left, checks: [...left.checks, { formula, wanted: !wanted }] });
  }
  return found;
}

/** Objects of `left` with some property that the shape refuses. */
function breakShape(expansion: Expansion, left: ObjectClause, shape: ObjectShape): ObjectClause[] {
  const { shapes, formulas, engine, nameMatches, isNone } = expansion;
  const found: ObjectClause[] = [];
  for (const [name, value] of shape.props) {
    const own = propertyFormula(formulas, left, name, (names) => nameMatches(names, name));
    const both = formulas.and([own, value]);
    if (both === own) continue;
    const present = require(left, name);
    // Where the two never agree, having the property is enough; telling so keeps tagged unions small.
    found.push(isNone(both) ? present : addShape(present, shapes.ofName(name, formulas.not(value))));
  }
  for (const { names, value } of shape.patterns) {
    if (value !== formulas.yes) found.push(demand(left, names, formulas.not(value)));
  }
  if (shape.additional === formulas.yes) return found;
  const others = engine.pool.and([
    engine.pool.not(engine.pool.literals([...shape.props.keys()])),
    ...shape.patterns.map(({ names }) => engine.pool.not(names)),
  ]);
  if (mayHave(expansion, left, others)) found.push(demand(left, others, formulas.not(shape.additional)));
  return found;
}

/**
 * Whether a clause lets an object have a property with a name of the language, as far as closed shapes tell.
 */
function mayHave({ formulas, nameMatches }: Expansion, clause: ObjectClause, names: RegexNode): boolean {
  return clause.shapes.every((shape) => {
    if (shape.additional !== formulas.no || shape.patterns.length > 0) return true;
    return [...shape.props.keys()].some((name) => nameMatches(names, name));
  });
}

function require(clause: ObjectClause, name: string): ObjectClause {
  return clause.required.includes(name) ? clause : { ...clause, required: [...clause.required, name] };
}

function demand(clause: ObjectClause, names: RegexNode, value: Formula): ObjectClause {
  return { ...clause, demands: [...clause.demands, { names, value }] };
}

function addShape(clause: ObjectClause, shape: ObjectShape): ObjectClause {
  return clause.shapes.includes(shape) ? clause : { ...clause, shapes: [...clause.shapes, shape] };
}
