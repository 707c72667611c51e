import { ANY_NUMBER, intersectNumbers, type NumberClause } from '../number/number-clause.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import type { RegexPool } from '../regex/regex-pool.ts';
import { type ArrayClause, anyArray } from './array-clause.ts';
import type { ClauseSets } from './clause-sets.ts';
import type { FormulaPool } from './formula.ts';
import { ANY_OBJECT, type ObjectClause } from './object-clause.ts';

/** A set of JSON values: a part for each type, numbers, arrays and objects as unions of clauses. */
export interface ValueSet {
  readonly nulls: boolean;
  readonly trues: boolean;
  readonly falses: boolean;
  readonly numbers: readonly NumberClause[];
  readonly strings: RegexNode;
  readonly arrays: readonly ArrayClause[];
  readonly objects: readonly ObjectClause[];
  /** A keyword was dropped on the way here, so values may be in the set that the schema refuses. */
  readonly loose: boolean;
}

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
  readonly arrays: ClauseSets<ArrayClause>;
  readonly objects: ClauseSets<ObjectClause>;
  isNoText(strings: RegexNode): boolean;
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
    loose: false,
  };
  const none: ValueSet = {
    nulls: false,
    trues: false,
    falses: false,
    numbers: [],
    strings: regexes.none,
    arrays: [],
    objects: [],
    loose: false,
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
      tools.isNoText(set.strings) &&
      set.arrays.length === 0 &&
      set.objects.length === 0,
  };
}

function uniteSets({ regexes, arrays, objects }: ValueSetTools, sets: readonly ValueSet[]): ValueSet {
  return {
    nulls: sets.some((set) => set.nulls),
    trues: sets.some((set) => set.trues),
    falses: sets.some((set) => set.falses),
    numbers: distinctNumbers(sets.flatMap((set) => set.numbers)),
    strings: regexes.or(sets.map((set) => set.strings)),
    arrays: arrays.distinct(sets.flatMap((set) => set.arrays)),
    objects: objects.distinct(sets.flatMap((set) => set.objects)),
    loose: sets.some((set) => set.loose),
  };
}

function intersectSets(
  { regexes, arrays, objects }: ValueSetTools,
  left: ValueSet,
  right: ValueSet,
): ValueSet {
  const numbers = left.numbers.flatMap((clause) =>
    right.numbers.map((other) => intersectNumbers(clause, other)).filter((both) => both !== null),
  );
  return {
    nulls: left.nulls && right.nulls,
    trues: left.trues && right.trues,
    falses: left.falses && right.falses,
    numbers: distinctNumbers(numbers),
    strings: regexes.and([left.strings, right.strings]),
    arrays: arrays.cross(left.arrays, right.arrays),
    objects: objects.cross(left.objects, right.objects),
    loose: left.loose || right.loose,
  };
}

export function distinctNumbers(list: readonly NumberClause[]): readonly NumberClause[] {
  if (list.length < 2) return list;
  const byKey = new Map(list.map((clause) => [clause.key, clause]));
  return byKey.has(ANY_NUMBER.key) ? [ANY_NUMBER] : [...byKey.values()];
}
