import { TooManyCases } from './clause-sets.ts';
import type { Expansion } from './expansion.ts';
import type { Formula } from './formula.ts';
import type { ValueCheck } from './object-clause.ts';
import { subtractFormula } from './subtract-values.ts';
import type { ValueSet } from './value-set.ts';

/**
 * The values of a set that a formula allows. Alternatives are tried within the set, so that those that cannot
 * meet it are gone before they are multiplied with others.
 */
export function narrowValues(expansion: Expansion, values: ValueSet, formula: Formula): ValueSet {
  const { sets } = expansion;
  switch (formula.kind) {
    case 'and':
      return narrowByAll(expansion, values, formula.parts);
    case 'or':
      return orCheck(expansion, values, formula, () => narrowByAny(expansion, values, formula.parts));
    case 'not':
      return subtractFormula(expansion, values, formula.part);
    default:
      return orCheck(expansion, values, formula, () => sets.intersect(values, expansion.expand(formula)));
  }
}

function narrowByAll(expansion: Expansion, values: ValueSet, parts: readonly Formula[]): ValueSet {
  // Negations last: what they exclude is often excluded already.
  const ordered = [...parts].sort((a, b) => Number(a.kind === 'not') - Number(b.kind === 'not'));
  return ordered.reduce((left, part) => narrowValues(expansion, left, part), values);
}

function narrowByAny(expansion: Expansion, values: ValueSet, parts: readonly Formula[]): ValueSet {
  const { sets, index, closedByDefault } = expansion;
  const each = parts.map((part) => narrowValues(expansion, values, part));
  const looksMatter = closedByDefault || index.unevaluated;
  return sets.union(looksMatter ? [...each, ...pairUp(expansion, values, parts)] : each);
}

/** Branches beyond this are not paired: an object may then mix the properties of no two of them. */
const PAIRED_MAX = 6;

/**
 * Where it matters which properties subschemas have looked at, an object that satisfies two branches has been
 * looked at by both.
 */
function pairUp(expansion: Expansion, values: ValueSet, parts: readonly Formula[]): ValueSet[] {
  const { sets, formulas } = expansion;
  if (parts.length > PAIRED_MAX) return [];
  return parts.flatMap((left, at) =>
    parts.slice(at + 1).flatMap((right) => {
      const both = formulas.and([left, right]);
      // Branches of oneOf and if exclude each other.
      if (both === formulas.no) return [];
      const { arrays, objects, loose } = narrowValues(expansion, values, both);
      return [sets.only({ arrays, objects, loose })];
    }),
  );
}

/**
 * Where multiplying out gives too many clauses, keeps them as they are and decides the formula at the end.
 */
function orCheck(expansion: Expansion, values: ValueSet, formula: Formula, narrow: () => ValueSet): ValueSet {
  try {
    return narrow();
  } catch (error) {
    if (!(error instanceof TooManyCases)) throw error;
    const { sets } = expansion;
    const inside = expansion.expand(formula);
    const check = { formula, wanted: true };
    const add = <C extends { readonly checks: readonly ValueCheck[] }>(clauses: readonly C[]) =>
      clauses.map((clause) => ({ ...clause, checks: [...clause.checks, check] }));
    return {
      ...sets.intersect({ ...values, arrays: [], objects: [] }, { ...inside, arrays: [], objects: [] }),
      arrays: inside.arrays.length === 0 ? [] : add(values.arrays),
      objects: inside.objects.length === 0 ? [] : add(values.objects),
    };
  }
}
