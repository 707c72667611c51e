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

/** Grammars kept for the next request with the same schema: agents send the same tools again and again. */
const KEPT_MAX = 256;

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

export function createGrammarCompiler(tokenizer: ModelTokenizer): GrammarCompiler {
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
      const compiled = kept.get(key) ?? compileGrammar(source, vocabulary);
      // Insertion order is the order of use: the first key is the one unused for longest.
      kept.delete(key);
      kept.set(key, compiled);
      if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!);
      return compiled;
    },
    check: (source) => checkGrammar(source, vocabulary),
  };
}
