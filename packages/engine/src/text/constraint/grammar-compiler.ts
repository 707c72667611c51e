import {
  type CompiledGrammar,
  checkGrammar,
  compileGrammar,
  type GrammarCheck,
  type GrammarSource,
  prepareVocabulary,
  type Vocabulary,
} from '@sparkler/grammar';
import type { ModelTokenizer } from '../../core/model-runner.ts';

/**
 * What is kept for the next request with the same schema: agents send the same tools again and again. A state
 * takes some kilobytes, with a large vocabulary ten.
 */
export interface KeptGrammars {
  readonly grammarsMax: number;
  /**
   * Of one grammar; one that has more is compiled anew for the next request. Half of the schemas that a
   * grammar may unfold in its life, so that answers under way have the other half.
   */
  readonly grammarStatesMax: number;
  /** Of all together. */
  readonly statesMax: number;
}

const DEFAULT_KEPT: KeptGrammars = { grammarsMax: 256, grammarStatesMax: 10_000, statesMax: 40_000 };

/** Grammars for one model. Both throw GrammarError. */
export interface GrammarCompiler {
  /**
   * Compiles a grammar, or finds it among the latest of the same owner: how fast an answer comes must not
   * tell one tenant what another asks for.
   */
  compile(source: GrammarSource, owner: string): CompiledGrammar;
  /** Says what a grammar will do, and what compiling it costs. */
  check(source: GrammarSource): GrammarCheck;
}

export function createGrammarCompiler(
  tokenizer: ModelTokenizer,
  bounds: KeptGrammars = DEFAULT_KEPT,
): GrammarCompiler {
  const vocabulary: Vocabulary = {
    size: tokenizer.vocabularySize,
    endTokens: tokenizer.endTokens,
    tokenBytes: (token) => tokenizer.tokenBytes(token),
  };
  // Sorting the vocabulary takes the better part of a second; better now than in somebody's first request.
  prepareVocabulary(vocabulary);
  const kept = new Map<string, CompiledGrammar>();
  return {
    compile(source, owner) {
      const key = JSON.stringify([owner, source]);
      const known = kept.get(key);
      const isGrown = known !== undefined && known.stateCount > bounds.grammarStatesMax;
      const compiled = known === undefined || isGrown ? compileGrammar(source, vocabulary) : known;
      // Insertion order is the order of use: the first key is the one unused for longest.
      kept.delete(key);
      kept.set(key, compiled);
      dropOldest(kept, bounds);
      return compiled;
    },
    check: (source) => checkGrammar(source, vocabulary),
  };
}

/** Drops what was unused for longest, never the latest. */
function dropOldest(kept: Map<string, CompiledGrammar>, bounds: KeptGrammars): void {
  let states = 0;
  for (const { stateCount } of kept.values()) states += stateCount;
  for (const [key, { stateCount }] of kept) {
    const fits = kept.size <= bounds.grammarsMax && states <= bounds.statesMax;
    if (fits || kept.size === 1) return;
    kept.delete(key);
    states -= stateCount;
  }
}
