import type {
  CompiledGrammar,
  GrammarSource,
  KeywordReport,
  UnenforcedKeyword,
  Vocabulary,
} from './contract.ts';
import { startCfg } from './gbnf/cfg-machine.ts';
import { parseGbnf } from './gbnf/parse-gbnf.ts';
import { GrammarError } from './grammar-error.ts';
import { DEFAULT_LIMITS, type GrammarLimits } from './limits.ts';
import { createMatcher } from './matcher.ts';
import { startRegex } from './start-regex.ts';
import { startSchema } from './start-schema.ts';
import { countStatesIn, type State } from './state.ts';
import { prepareVocabulary } from './tokens/vocabulary-index.ts';
import { createWorkBudget, type WorkBudget } from './work-budget.ts';

/** A grammar before it meets a vocabulary. */
interface StartedGrammar {
  readonly start: State;
  readonly unenforced: readonly UnenforcedKeyword[];
  describeKeywords(): KeywordReport[];
}

/**
 * Compiles a grammar for a vocabulary; the result may be shared by any number of matchers. Throws a
 * GrammarError that points into the source when it is wrong, cannot be enforced under `strict`, or goes
 * beyond `limits`.
 */
export function compileGrammar(
  source: GrammarSource,
  vocabulary: Vocabulary,
  limits: Partial<GrammarLimits> = {},
): CompiledGrammar {
  const bounds = { ...DEFAULT_LIMITS, ...limits };
  const index = prepareVocabulary(vocabulary);
  const begun = performance.now();
  const budget = createWorkBudget(bounds.compileStepsMax, 'compiling the grammar');
  const tally = { states: 0 };
  countStatesIn(tally);
  const { start, unenforced, describeKeywords } = startGrammar(source, bounds, budget);
  const cost = {
    milliseconds: performance.now() - begun,
    steps: budget.spent,
    stepsMax: bounds.compileStepsMax,
  };
  const beginWork = () => {
    countStatesIn(tally);
    budget.refill(bounds.matchStepsMax, 'matching the grammar');
  };
  return {
    unenforced,
    describeKeywords,
    cost,
    get stateCount() {
      return tally.states;
    },
    createMatcher: () => createMatcher({ start, index, beginWork }),
  };
}

function startGrammar(source: GrammarSource, limits: GrammarLimits, budget: WorkBudget): StartedGrammar {
  switch (source.kind) {
    case 'gbnf':
      return { ...withoutKeywords, start: startCfg(parseGbnf(source.text, limits), budget) };
    case 'json-schema': {
      const { schema, documents, strict = false, closedByDefault = true, assertFormats = true } = source;
      const started = startSchema({ schema, documents }, { closedByDefault, assertFormats }, limits, budget);
      if (strict) refuseUnenforced(started.unenforced);
      return started;
    }
    case 'json-object':
      return startSchema(
        { schema: { type: 'object' } },
        { closedByDefault: false, assertFormats: true },
        limits,
        budget,
      );
    case 'regex':
      return { ...withoutKeywords, start: startRegex(source.pattern, limits, budget) };
  }
}

const withoutKeywords = { unenforced: [], describeKeywords: () => [] };

function refuseUnenforced(unenforced: readonly UnenforcedKeyword[]): void {
  const first = unenforced[0];
  if (first === undefined) return;
  const more = unenforced.length > 1 ? ` (and ${unenforced.length - 1} more)` : '';
  throw new GrammarError({
    message: `"${first.keyword}" cannot be enforced: ${first.reason}${more}; leave out strict to go on without`,
    path: first.path,
  });
}
