import type { UnenforcedKeyword } from '../contract.ts';
import { GrammarError } from '../grammar-error.ts';
import type { GrammarLimits } from '../limits.ts';
import type { RegexEngine } from '../regex/lazy-dfa.ts';
import type { WorkBudget } from '../work-budget.ts';
import { closeObjects } from './close-objects.ts';
import { expandFormula } from './expand-formula.ts';
import type { Expansion } from './expansion.ts';
import { createFormulaPool, type Formula, type FormulaPool } from './formula.ts';
import { isHollowObject } from './hollow-object.ts';
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
  readonly root: Formula;
  /** The values a formula allows, before undeclared properties are closed. */
  expand(formula: Formula): ValueSet;
  /** The values a formula allows where a value stands. */
  valuesOf(formula: Formula): ValueSet;
}

/** Formulas that may be in expansion at once when looking ahead whether one allows anything. */
const LOOK_AHEAD_MAX = 24;

export function createExpander(parts: ExpanderParts): Expander {
  const { index, engine, limits, budget } = parts;
  const formulas = createFormulaPool(countNodes(limits));
  const expanded = new Map<Formula, ValueSet>();
  const closed = new Map<Formula, ValueSet>();
  const inProgress = new Set<Formula>();
  const unenforced = new Map<string, UnenforcedKeyword>();
  let shapeIds = 0;
  const isNone = (formula: Formula): boolean => {
    if (formula.kind === 'false') return true;
    if (formula.kind === 'true' || inProgress.has(formula) || inProgress.size > LOOK_AHEAD_MAX) return false;
    return sets.isNone(expand(formula));
  };
  const sets = createValueSets({
    regexes: engine.pool,
    formulas,
    casesMax: limits.casesMax,
    spend: (units) => budget.spend(units),
    isHollow: (clause) => isHollowObject(clause, { formulas, isNone }),
  });
  const expand = (formula: Formula): ValueSet => {
    const known = expanded.get(formula);
    if (known !== undefined) return known;
    if (inProgress.has(formula)) failEndless(formula);
    inProgress.add(formula);
    budget.spend(1);
    try {
      const values = expandFormula(expansion, formula);
      expanded.set(formula, values);
      return values;
    } finally {
      inProgress.delete(formula);
    }
  };
  const expansion: Expansion = {
    ...parts,
    formulas,
    sets,
    nextShapeId: () => shapeIds++,
    expand,
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

function countNodes({ schemaNodesMax }: GrammarLimits): () => void {
  let count = 0;
  return () => {
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
