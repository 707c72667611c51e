import type { UnenforcedKeyword } from '../contract.ts';
import type { GrammarLimits } from '../limits.ts';
import type { RegexEngine } from '../regex/lazy-dfa.ts';
import type { Formula, FormulaPool } from './formula.ts';
import type { SchemaIndex } from './schema-index.ts';
import type { ValueSet, ValueSets } from './value-set.ts';

/** What the steps of expanding a formula share. */
export interface Expansion {
  readonly index: SchemaIndex;
  readonly engine: RegexEngine;
  readonly formulas: FormulaPool;
  readonly sets: ValueSets;
  readonly limits: GrammarLimits;
  readonly closedByDefault: boolean;
  readonly assertFormats: boolean;
  nextShapeId(): number;
  /** The values a formula allows, remembered. */
  expand(formula: Formula): ValueSet;
  noteUnenforced(keyword: UnenforcedKeyword): void;
}
