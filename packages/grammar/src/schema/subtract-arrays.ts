import { type ArrayClause, itemFormula } from './array-clause.ts';
import { TooManyCases } from './clause-sets.ts';
import type { Expansion } from './expansion.ts';

/** Clauses whose union is the arrays in `left` but not in `right`. Throws TooManyCases for unique items. */
export function subtractArrays(expansion: Expansion, left: ArrayClause, right: ArrayClause): ArrayClause[] {
  if (right.unique) throw new TooManyCases();
  const { formulas } = expansion;
  const found: ArrayClause[] = [];
  if (right.min > left.min) found.push({ ...left, max: Math.min(left.max, right.min - 1) });
  if (right.max < left.max) found.push({ ...left, min: Math.max(left.min, right.max + 1) });
  for (let index = 0; index < right.prefix.length; index++) {
    const broken = breakItem(expansion, left, right, index);
    if (broken !== null) found.push(broken);
  }
  if (right.rest !== formulas.yes && !(left.rest === right.rest && covers(left, right))) {
    const from = right.prefix.length;
    const wrong = { from, value: formulas.not(right.rest), min: 1, max: Infinity };
    found.push({ ...left, min: Math.max(left.min, from + 1), counts: [...left.counts, wrong] });
  }
  for (const count of right.counts) {
    const add = (min: number, max: number) =>
      found.push({ ...left, counts: [...left.counts, { ...count, min, max }] });
    if (count.min > 0) add(0, count.min - 1);
    if (count.max < Infinity) add(count.max + 1, Infinity);
  }
  for (const { formula, wanted } of right.checks) {
    found.push({ ...left, checks: [...left.checks, { formula, wanted: !wanted }] });
  }
  return found.filter((clause) => clause.min <= clause.max);
}

/** Arrays of `left` whose item at `index` is not what `right` wants. */
function breakItem(
  { formulas, isNone }: Expansion,
  left: ArrayClause,
  right: ArrayClause,
  index: number,
): ArrayClause | null {
  const own = itemFormula(left, index);
  const wanted = itemFormula(right, index);
  const both = formulas.and([own, wanted]);
  if (both === own) return null;
  const long = { ...left, min: Math.max(left.min, index + 1) };
  if (isNone(both)) return long;
  const prefix = Array.from({ length: Math.max(left.prefix.length, index + 1) }, (_, at) =>
    at === index ? formulas.and([own, formulas.not(wanted)]) : itemFormula(left, at),
  );
  return { ...long, prefix };
}

/** Whether the rest of `left` is all that comes after the prefix of `right`. */
function covers(left: ArrayClause, right: ArrayClause): boolean {
  return left.prefix.length <= right.prefix.length;
}
