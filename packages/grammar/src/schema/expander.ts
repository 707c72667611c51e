import type { UnenforcedKeyword } from '../contract.ts';
import { GrammarError } from '../grammar-error.ts';
import type { GrammarLimits } from '../limits.ts';
import type { RegexEngine } from '../regex/lazy-dfa.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import { countState } from '../state.ts';
import type { WorkBudget } from '../work-budget.ts';
import { createArraySets, createObjectSets } from './clause-sets.ts';
import { closeObjects } from './close-objects.ts';
import { valuesEqualTo, valuesUnlike } from './constant-values.ts';
import { expandSchema } from './expand-schema.ts';
import type { Expansion } from './expansion.ts';
import { createFormulaPool, type Formula, type FormulaPool } from './formula.ts';
import { createNameMatcher } from './name-matcher.ts';
import { narrowValues } from './narrow-values.ts';
import { createObjectShapes } from './object-shapes.ts';
import type { SchemaIndex } from './schema-index.ts';
import { createValueSets, type ValueSet, type ValueSets } from './value-set.ts';

export interface ExpanderParts {
  readonly index: SchemaIndex;
  readonly engine: RegexEngine;
  readonly limits: GrammarLimits;
  readonly budget: WorkBudget;
  readonly closedByDefault: boolean;
  readonly assertFormats: boolean;
}

/** Turns formulas into the sets of values they allow, one level deep: what is inside stays a formula. */
export interface Expander {
  readonly formulas: FormulaPool;
  readonly sets: ValueSets;
  readonly engine: RegexEngine;
  readonly unenforced: readonly UnenforcedKeyword[];
  /** Whether a property name is in a language, remembered. */
  nameMatches(names: RegexNode, name: string): boolean;
  readonly root: Formula;
  /** The values a formula allows, before undeclared properties are closed. */
  expand(formula: Formula): ValueSet;
  /** The values a formula allows where a value stands. */
  valuesOf(formula: Formula): ValueSet;
}

/** Levels to look into when asking whether a formula allows anything. */
const LOOK_AHEAD_MAX = 6;

/** Ends a look ahead that came back to a formula still being expanded: nothing is known of it yet. */
class LookAheadCut extends Error {}

export function createExpander(parts: ExpanderParts): Expander {
  const { index, engine, limits, budget } = parts;
  const formulas = createFormulaPool(parts.closedByDefault || index.unevaluated, countNodes(limits));
  const closed = new Map<Formula, ValueSet>();
  const unenforced = new Map<string, UnenforcedKeyword>();
  const { expand, isNone } = rememberExpansions({
    spend: (units) => budget.spend(units),
    expandOnce: (formula) => expandFormula(expansion, formula),
    isEmpty: (values) => sets.isNone(values),
  });
  const clauseTools = {
    formulas,
    casesMax: limits.casesMax,
    spend: (units: number) => budget.spend(units),
    isNone,
  };
  const arrays = createArraySets(clauseTools);
  const objects = createObjectSets(clauseTools);
  const isNoText = (strings: RegexNode) => engine.isEmpty(strings);
  const sets = createValueSets({ regexes: engine.pool, formulas, arrays, objects, isNoText });
  const expansion: Expansion = {
    ...parts,
    formulas,
    shapes: createObjectShapes(formulas),
    sets,
    arrays,
    objects,
    expand,
    isNone,
    nameMatches: createNameMatcher(engine),
    noteUnenforced: (keyword) => unenforced.set(`${keyword.path} ${keyword.keyword}`, keyword),
  };
  return {
    formulas,
    sets,
    engine,
    get unenforced() {
      return [...unenforced.values()];
    },
    root: formulas.schema(index.root, index.dynamic ? [index.root.resource] : []),
    expand,
    nameMatches: expansion.nameMatches,
    valuesOf(formula) {
      let values = closed.get(formula);
      if (values === undefined) {
        values = parts.closedByDefault ? closeObjects(expansion, expand(formula)) : expand(formula);
        closed.set(formula, values);
      }
      return values;
    },
  };
}

/**
 * Each formula expanded once, and looked into only so deep when the question is whether it allows anything: a
 * formula may lead back to itself.
 */
function rememberExpansions(parts: {
  spend(units: number): void;
  expandOnce(formula: Formula): ValueSet;
  isEmpty(values: ValueSet): boolean;
}): { expand(formula: Formula): ValueSet; isNone(formula: Formula): boolean } {
  const expanded = new Map<Formula, ValueSet>();
  const inProgress = new Set<Formula>();
  let lookingAhead = 0;
  const expand = (formula: Formula): ValueSet => {
    const known = expanded.get(formula);
    if (known !== undefined) return known;
    if (inProgress.has(formula)) {
      if (lookingAhead > 0) throw new LookAheadCut();
      failEndless(formula);
    }
    inProgress.add(formula);
    parts.spend(1);
    try {
      const values = parts.expandOnce(formula);
      expanded.set(formula, values);
      return values;
    } finally {
      inProgress.delete(formula);
    }
  };
  const isNone = (formula: Formula): boolean => {
    if (formula.kind === 'true' || formula.kind === 'false') return formula.kind === 'false';
    if (inProgress.has(formula) || lookingAhead >= LOOK_AHEAD_MAX) return false;
    lookingAhead++;
    try {
      return parts.isEmpty(expand(formula));
    } catch (error) {
      if (error instanceof LookAheadCut) return false;
      throw error;
    } finally {
      lookingAhead--;
    }
  };
  return { expand, isNone };
}

/** The values a formula allows. */
function expandFormula(expansion: Expansion, formula: Formula): ValueSet {
  switch (formula.kind) {
    case 'true':
      return expansion.sets.all;
    case 'false':
      return expansion.sets.none;
    case 'const':
      return valuesEqualTo(expansion, formula.value);
    case 'unlike':
      return valuesUnlike(expansion, formula.values);
    case 'schema':
      return expandSchema(expansion, formula);
    default:
      return narrowValues(expansion, expansion.sets.all, formula);
  }
}

function countNodes({ schemaNodesMax }: GrammarLimits): () => void {
  let count = 0;
  return () => {
    countState();
    if (++count <= schemaNodesMax) return;
    throw new GrammarError({ message: `the schema unfolds into more than ${schemaNodesMax} schemas` });
  };
}

function failEndless(formula: Formula): never {
  throw new GrammarError({
    message: 'the schema refers to itself without anything in between',
    ...(formula.kind === 'schema' ? { path: formula.place.pointer } : {}),
  });
}
