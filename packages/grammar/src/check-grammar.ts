import { compileGrammar } from './compile-grammar.ts';
import type { CompileCost, GrammarSource, KeywordReport, Vocabulary } from './contract.ts';
import type { GrammarLimits } from './limits.ts';

/** What a schema or grammar will do, told before it is used. */
export interface GrammarCheck {
  /** No keyword is left unenforced, so that `strict` would take it. */
  readonly isEnforced: boolean;
  readonly keywords: readonly KeywordReport[];
  readonly cost: CompileCost & { readonly firstMaskMilliseconds: number };
}

/**
 * Compiles a schema or grammar anew, asks for one mask, and says keyword by keyword what is enforced. Throws
 * a GrammarError where compileGrammar does.
 */
export function checkGrammar(
  source: GrammarSource,
  vocabulary: Vocabulary,
  limits: Partial<GrammarLimits> = {},
): GrammarCheck {
  const grammar = compileGrammar(source, vocabulary, limits);
  const begun = performance.now();
  grammar.createMatcher().fillMask(new Uint32Array(Math.ceil(vocabulary.size / 32)));
  const firstMaskMilliseconds = performance.now() - begun;
  return {
    isEnforced: grammar.unenforced.length === 0,
    keywords: grammar.describeKeywords(),
    cost: { ...grammar.cost, firstMaskMilliseconds },
  };
}
