import type { RegexNode } from '../regex/regex-node.ts';
import type { Formula } from '../schema/formula.ts';
import { type ObjectClause, propertyFormula } from '../schema/object-clause.ts';
import { type Alternative, collectAlternatives } from './alternatives.ts';
import { listStrings } from './finite-language.ts';
import type { GoalSet } from './goal-set.ts';
import type { JsonWorld } from './json-world.ts';
import { buildNameTrie, codePointsOf, compareCodePoints, type NameNode } from './name-trie.ts';
import { createNameReader, type NameReading } from './other-names.ts';

/** What a property of one name (or of any other name with one signature) means to each alternative. */
export interface PropertyMeaning {
  /** Number of the name, -1 for a name not known. */
  readonly name: number;
  /** Per alternative: what the value must satisfy; null where it may not be. */
  readonly values: readonly (Formula | null)[];
  /**
   * Per alternative and demand: satisfied by values that meet the demand; null where the name is no
   * candidate.
   */
  readonly demands: readonly (readonly (Formula | null)[])[];
}

/** The objects that a goal set allows, and the names its schemas speak of. */
export interface ObjectPlan {
  readonly alternatives: readonly Alternative<ObjectClause>[];
  readonly watched: readonly Formula[];
  readonly names: readonly string[];
  readonly nameIndexes: ReadonlyMap<string, number>;
  readonly trie: NameNode;
  /** The reading of names that are not in `names`. */
  readonly reader: NameReading;
  /** Properties beyond this many are all alike. */
  readonly countMax: number;
  /**
   * Up to this many properties, names that the schemas don't speak of are remembered: one written twice is
   * one property to whoever reads the object, and must not count as two.
   */
  readonly distinctMin: number;
  meaningOfName(name: number): PropertyMeaning;
  meaningOfOther(signature: string): PropertyMeaning;
}

/** Patterns with at most so many strings are spelled out, so that each of their names is known by itself. */
const SPELLED_MAX = 48;

export function createObjectPlan(world: JsonWorld, goals: GoalSet): ObjectPlan | null {
  const { alternatives, watched } = collectAlternatives(world, goals, (set) => set.objects);
  if (!alternatives.some((alternative) => alternative.main)) return null;
  const clauses = alternatives.map((alternative) => alternative.clause);
  const { names, open, constant } = gatherNames(world, clauses);
  const sorted = [...names].map((name) => ({ name, codes: codePointsOf(name) }));
  sorted.sort((left, right) => compareCodePoints(left.codes, right.codes));
  const byName: (PropertyMeaning | undefined)[] = [];
  const bySignature = new Map<string, PropertyMeaning>();
  const plan: ObjectPlan = {
    alternatives,
    watched,
    names: sorted.map(({ name }) => name),
    nameIndexes: new Map(sorted.map(({ name }, index) => [name, index])),
    trie: buildNameTrie(sorted.map(({ codes }) => codes)),
    reader: createNameReader(world.engine, open, world.budget),
    countMax: Math.max(...clauses.map((clause) => (clause.max === Infinity ? clause.min : clause.max + 1))),
    distinctMin: Math.max(...clauses.map(({ min }) => (min >= 2 ? min : 0))),
    meaningOfName(index) {
      const name = sorted[index]!.name;
      byName[index] ??= meaningOf(world, clauses, index, name, (pattern) =>
        world.liveness.nameMatches(pattern, name),
      );
      return byName[index];
    },
    meaningOfOther(signature) {
      let meaning = bySignature.get(signature);
      if (meaning === undefined) {
        meaning = meaningOf(world, clauses, -1, null, (pattern) => {
          const at = open.indexOf(pattern);
          return at >= 0 ? signature[at] === '1' : constant.get(pattern)!;
        });
        bySignature.set(signature, meaning);
      }
      return meaning;
    },
  };
  return plan;
}

function meaningOf(
  world: JsonWorld,
  clauses: readonly ObjectClause[],
  index: number,
  name: string | null,
  matches: (pattern: RegexNode) => boolean,
): PropertyMeaning {
  const { formulas } = world.expander;
  const values = clauses.map((clause) => {
    const formula = propertyFormula(formulas, clause, name, matches);
    return world.liveness.isEmpty(formula) ? null : formula;
  });
  const demands = clauses.map((clause, at) =>
    clause.demands.map((demand) => {
      const value = values[at];
      return value && matches(demand.names) ? formulas.and([value, demand.value]) : null;
    }),
  );
  return { name: index, values, demands };
}

/**
 * The names the clauses speak of, and the patterns that other names are held against. A pattern of few
 * strings (or of all but few) is spelled out: for names not among them its answer is always the same.
 */
function gatherNames(
  world: JsonWorld,
  clauses: readonly ObjectClause[],
): { names: Set<string>; open: RegexNode[]; constant: Map<RegexNode, boolean> } {
  const names = new Set<string>();
  const patterns = new Set<RegexNode>();
  for (const clause of clauses) {
    for (const name of clause.required) names.add(name);
    for (const { name, needs } of clause.dependents) for (const each of [name, ...needs]) names.add(each);
    for (const demand of clause.demands) patterns.add(demand.names);
    for (const shape of clause.shapes) {
      for (const name of shape.props.keys()) names.add(name);
      for (const pattern of shape.patterns) patterns.add(pattern.names);
    }
  }
  const open: RegexNode[] = [];
  const constant = new Map<RegexNode, boolean>();
  for (const pattern of patterns) {
    const few = listStrings(pattern, SPELLED_MAX);
    const allBut = few === null && pattern.kind === 'not' ? listStrings(pattern.part, SPELLED_MAX) : null;
    const spelled = few ?? allBut;
    if (spelled === null && pattern !== world.engine.pool.all) open.push(pattern);
    else constant.set(pattern, few === null);
    for (const name of spelled ?? []) names.add(name);
  }
  return { names, open, constant };
}
