import type { KeywordReport, UnenforcedKeyword } from './contract.ts';
import { GrammarError } from './grammar-error.ts';
import { createJsonWorld } from './json/json-world.ts';
import { startJson } from './json/start-json.ts';
import type { GrammarLimits } from './limits.ts';
import { createNumberEngine } from './number/number-automaton.ts';
import { createRegexEngine } from './regex/lazy-dfa.ts';
import { describeKeywords } from './schema/describe-keywords.ts';
import { createExpander } from './schema/expander.ts';
import { createLiveness } from './schema/liveness.ts';
import { indexSchema, type SchemaDocuments } from './schema/schema-index.ts';
import { surveySchema } from './schema/survey-schema.ts';
import type { State } from './state.ts';
import type { WorkBudget } from './work-budget.ts';

export interface SchemaOptions {
  /** Undeclared properties are refused where a schema has `properties` and does not say otherwise. */
  readonly closedByDefault: boolean;
  readonly assertFormats: boolean;
}

interface StartedSchema {
  readonly start: State;
  readonly unenforced: readonly UnenforcedKeyword[];
  describeKeywords(): KeywordReport[];
}

/** The start state of a schema, and the keywords it does not enforce. Throws a GrammarError. */
export function startSchema(
  documents: SchemaDocuments,
  options: SchemaOptions,
  limits: GrammarLimits,
  budget: WorkBudget,
): StartedSchema {
  const index = indexSchema(documents, limits);
  const engine = createRegexEngine(budget);
  const numbers = createNumberEngine(budget);
  const expander = createExpander({ index, engine, limits, budget, ...options });
  const liveness = createLiveness(expander, numbers);
  surveySchema(expander);
  if (liveness.isEmpty(expander.root)) {
    throw new GrammarError({ message: 'no value satisfies the schema', path: '' });
  }
  const world = createJsonWorld({ expander, liveness, engine, numbers, budget });
  return {
    start: startJson(world, expander.root),
    unenforced: expander.unenforced,
    describeKeywords: () => describeKeywords(index, expander.unenforced),
  };
}
