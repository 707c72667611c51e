import { negateNumber } from '../number/number-clause.ts';
import { valuesEqualTo, valuesUnlike } from './constant-values.ts';
import { expandSchema } from './expand-schema.ts';
import type { Expansion } from './expansion.ts';
import type { Formula } from './formula.ts';
import { TooManyCases, type ValueSet } from './value-set.ts';

/** The values a formula allows. */
export function expandFormula(expansion: Expansion, formula: Formula): ValueSet {
  const { sets } = expansion;
  switch (formula.kind) {
    case 'true':
      return sets.all;
    case 'false':
      return sets.none;
    case 'const':
      return valuesEqualTo(expansion, formula.value);
    case 'schema':
      return expandSchema(expansion, formula, false);
    case 'or':
      return expandOr(expansion, formula.parts);
    case 'and':
      return expandAnd(expansion, formula.parts);
    case 'not':
      return expandNot(expansion, formula.part);
  }
}

function expandOr(expansion: Expansion, members: readonly Formula[]): ValueSet {
  const { sets, index, closedByDefault } = expansion;
  const each = members.map((member) => expansion.expand(member));
  return sets.union(closedByDefault || index.unevaluated ? [...each, ...joint(expansion, members)] : each);
}

/** Branches beyond this are not paired: an object may then mix the properties of no two of them. */
const PAIRED_MAX = 6;

/**
 * Where it matters which properties subschemas have looked at, an object that satisfies two branches has been
 * looked at by both.
 */
function joint({ sets, formulas, expand }: Expansion, members: readonly Formula[]): ValueSet[] {
  if (members.length > PAIRED_MAX) return [];
  const found: ValueSet[] = [];
  members.forEach((left, at) => {
    for (const right of members.slice(at + 1)) {
      // Branches of oneOf and if exclude each other.
      if (formulas.and([left, right]) === formulas.no) continue;
      try {
        const { arrays, objects } = sets.intersect(expand(left), expand(right));
        found.push(sets.only({ arrays, objects }));
      } catch (error) {
        if (!(error instanceof TooManyCases)) throw error;
      }
    }
  });
  return found;
}

function expandAnd(expansion: Expansion, members: readonly Formula[]): ValueSet {
  // Negations last: what they exclude is often excluded already.
  const ordered = [...members].sort((a, b) => Number(a.kind === 'not') - Number(b.kind === 'not'));
  return ordered.reduce((values, member) => intersectOrCheck(expansion, values, member), expansion.sets.all);
}

function intersectOrCheck(expansion: Expansion, values: ValueSet, member: Formula): ValueSet {
  try {
    return expansion.sets.intersect(values, expansion.expand(member));
  } catch (error) {
    if (!(error instanceof TooManyCases)) throw error;
    return member.kind === 'not'
      ? checkBeside(expansion, values, member.part, false)
      : checkBeside(expansion, values, member, true);
  }
}

/**
 * Keeps the clauses for arrays and objects as they are and decides the formula when the value is complete.
 */
function checkBeside(expansion: Expansion, values: ValueSet, formula: Formula, wanted: boolean): ValueSet {
  const { sets } = expansion;
  const inside = expansion.expand(formula);
  const scalars = wanted ? { ...inside, arrays: [], objects: [] } : complementScalars(expansion, inside);
  const check = { formula, wanted };
  const mayArrays = !wanted || inside.arrays.length > 0;
  const mayObjects = !wanted || inside.objects.length > 0;
  return {
    ...sets.intersect({ ...values, arrays: [], objects: [] }, scalars),
    arrays: mayArrays ? values.arrays.map((clause) => withCheck(clause, check)) : [],
    objects: mayObjects ? values.objects.map((clause) => withCheck(clause, check)) : [],
  };
}

function withCheck<C extends { readonly checks: readonly unknown[] }>(
  clause: C,
  check: C['checks'][number],
): C {
  return { ...clause, checks: [...clause.checks, check] };
}

function complementScalars({ sets, engine }: Expansion, values: ValueSet): ValueSet {
  const others = sets.only({
    nulls: !values.nulls,
    trues: !values.trues,
    falses: !values.falses,
    numbers: sets.all.numbers,
    strings: engine.pool.not(values.strings),
  });
  return values.numbers.reduce(
    (rest, clause) => sets.intersect(rest, sets.except({ numbers: negateNumber(clause) })),
    others,
  );
}

function expandNot(expansion: Expansion, part: Formula): ValueSet {
  const { formulas } = expansion;
  try {
    switch (part.kind) {
      case 'schema':
        return expandSchema(expansion, part, true);
      case 'const':
        return valuesUnlike(expansion, part.value);
      case 'and':
        return expansion.expand(formulas.or(part.parts.map(formulas.not)));
      case 'or':
        return expansion.expand(formulas.and(part.parts.map(formulas.not)));
      default:
        return expansion.expand(formulas.not(part));
    }
  } catch (error) {
    if (!(error instanceof TooManyCases)) throw error;
    return checkBeside(expansion, expansion.sets.all, part, false);
  }
}
