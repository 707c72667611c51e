import type { UnenforcedKeyword } from '../contract.ts';
import type { GrammarLimits } from '../limits.ts';
import type { RegexEngine } from '../regex/lazy-dfa.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import type { ArrayClause } from './array-clause.ts';
import type { ClauseSets } from './clause-sets.ts';
import type { Formula, FormulaPool } from './formula.ts';
import type { ObjectClause } from './object-clause.ts';
import type { ObjectShapes } from './object-shapes.ts';
import type { SchemaIndex } from './schema-index.ts';
import type { ValueSet, ValueSets } from './value-set.ts';

/** What the steps of expanding a formula share. */
export interface Expansion {
  readonly index: SchemaIndex;
  readonly engine: RegexEngine;
  readonly formulas: FormulaPool;
  readonly shapes: ObjectShapes;
  readonly sets: ValueSets;
  readonly arrays: ClauseSets<ArrayClause>;
  readonly objects: ClauseSets<ObjectClause>;
  readonly limits: GrammarLimits;
  readonly closedByDefault: boolean;
  readonly assertFormats: boolean;
  /** The values a formula allows, remembered. */
  expand(formula: Formula): ValueSet;
  /** Whether a formula allows no value, as far as is seen without looking deep. */
  isNone(formula: Formula): boolean;
  nameMatches(names: RegexNode, name: string): boolean;
  noteUnenforced(keyword: UnenforcedKeyword): void;
}
