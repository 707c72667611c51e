import { ANY_NUMBER, intersectNumbers, type NumberClause } from '../number/number-clause.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import type { RegexPool } from '../regex/regex-pool.ts';
import { type ArrayClause, anyArray, arrayClauseKey, intersectArrays } from './array-clause.ts';
import type { FormulaPool } from './formula.ts';
import { ANY_OBJECT, intersectObjects, type ObjectClause, objectClauseKey } from './object-clause.ts';

/** A set of JSON values: a part for each type, numbers, arrays and objects as unions of clauses. */
export interface ValueSet {
  readonly nulls: boolean;
  readonly trues: boolean;
  readonly falses: boolean;
  readonly numbers: readonly NumberClause[];
  readonly strings: RegexNode;
  readonly arrays: readonly ArrayClause[];
  readonly objects: readonly ObjectClause[];
}

/**
 * Thrown when multiplying alternatives out gives too many; the caller falls back on checking beside the
 * clause.
 */
export class TooManyCases extends Error {}

/** Set operations on JSON values. */
export interface ValueSets {
  readonly all: ValueSet;
  readonly none: ValueSet;
  /** Nothing but the given parts. */
  only(parts: Partial<ValueSet>): ValueSet;
  /** Everything, with the given parts instead. */
  except(parts: Partial<ValueSet>): ValueSet;
  union(sets: readonly ValueSet[]): ValueSet;
  /** Throws TooManyCases. */
  intersect(left: ValueSet, right: ValueSet): ValueSet;
  isNone(set: ValueSet): boolean;
}

export interface ValueSetTools {
  readonly regexes: RegexPool;
  readonly formulas: FormulaPool;
  readonly casesMax: number;
  spend(units: number): void;
  /** Whether no object satisfies the clause, as far as is quickly seen. */
  isHollow(clause: ObjectClause): boolean;
}

export function createValueSets(tools: ValueSetTools): ValueSets {
  const { regexes, formulas } = tools;
  const all: ValueSet = {
    nulls: true,
    trues: true,
    falses: true,
    numbers: [ANY_NUMBER],
    strings: regexes.all,
    arrays: [anyArray(formulas)],
    objects: [ANY_OBJECT],
  };
  const none: ValueSet = {
    nulls: false,
    trues: false,
    falses: false,
    numbers: [],
    strings: regexes.none,
    arrays: [],
    objects: [],
  };
  return {
    all,
    none,
    only: (parts) => ({ ...none, ...parts }),
    except: (parts) => ({ ...all, ...parts }),
    union: (sets) => (sets.length === 1 ? sets[0]! : uniteSets(tools, sets)),
    intersect(left, right) {
      if (left === all) return right;
      return right === all ? left : intersectSets(tools, left, right);
    },
    isNone: (set) =>
      !set.nulls &&
      !set.trues &&
      !set.falses &&
      set.numbers.length === 0 &&
      set.strings === regexes.none &&
      set.arrays.length === 0 &&
      set.objects.length === 0,
  };
}

function uniteSets(tools: ValueSetTools, sets: readonly ValueSet[]): ValueSet {
  return {
    nulls: sets.some((set) => set.nulls),
    trues: sets.some((set) => set.trues),
    falses: sets.some((set) => set.falses),
    numbers: uniteNumbers(
      tools,
      sets.flatMap((set) => set.numbers),
    ),
    strings: tools.regexes.or(sets.map((set) => set.strings)),
    arrays: distinct(
      tools,
      sets.flatMap((set) => set.arrays),
      arrayClauseKey,
    ),
    objects: distinct(
      tools,
      sets.flatMap((set) => set.objects),
      objectClauseKey,
    ),
  };
}

/** Numbers multiply out to plain bounds and steps, which are cheap next to objects. */
const NUMBER_CASES = 8;

function intersectSets(tools: ValueSetTools, left: ValueSet, right: ValueSet): ValueSet {
  const { casesMax, formulas, regexes } = tools;
  const arrays = cross(left.arrays, right.arrays, casesMax, (a, b) => intersectArrays(formulas, a, b));
  const objects = cross(left.objects, right.objects, casesMax, (a, b) => {
    tools.spend(1);
    const clause = intersectObjects(a, b);
    return tools.isHollow(clause) ? null : clause;
  });
  const numbers = cross(left.numbers, right.numbers, casesMax * NUMBER_CASES, intersectNumbers);
  return {
    nulls: left.nulls && right.nulls,
    trues: left.trues && right.trues,
    falses: left.falses && right.falses,
    numbers: uniteNumbers(tools, numbers),
    strings: regexes.and([left.strings, right.strings]),
    arrays: distinct(tools, arrays, arrayClauseKey),
    objects: distinct(tools, objects, objectClauseKey),
  };
}

function cross<T>(
  left: readonly T[],
  right: readonly T[],
  casesMax: number,
  combine: (a: T, b: T) => T | null,
): T[] {
  const found: T[] = [];
  const most = Math.max(casesMax, left.length, right.length);
  for (const a of left) {
    for (const b of right) {
      const both = combine(a, b);
      if (both !== null) found.push(both);
      if (found.length > most) throw new TooManyCases();
    }
  }
  return found;
}

function distinct<T>(tools: ValueSetTools, list: readonly T[], keyOf: (item: T) => string): readonly T[] {
  if (list.length < 2) return list;
  tools.spend(list.length);
  const byKey = new Map(list.map((item) => [keyOf(item), item]));
  return byKey.size === list.length ? list : [...byKey.values()];
}

function uniteNumbers(tools: ValueSetTools, list: readonly NumberClause[]): readonly NumberClause[] {
  if (list.length < 2) return list;
  tools.spend(list.length);
  const byKey = new Map(list.map((clause) => [clause.key, clause]));
  return byKey.has(ANY_NUMBER.key) ? [ANY_NUMBER] : [...byKey.values()];
}
