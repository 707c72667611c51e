import {
  type CompiledGrammar,
  compileGrammar,
  type GrammarSource,
  prepareVocabulary,
  type Vocabulary,
} from '@sparkler/grammar';
import type { ModelTokenizer } from '../../core/model-runner.ts';

/** Grammars kept for the next request with the same schema: agents send the same tools again and again. */
const KEPT_MAX = 128;

/** Compiles grammars for one model and remembers the latest. Throws GrammarError. */
export function createGrammarCompiler(tokenizer: ModelTokenizer): (source: GrammarSource) => CompiledGrammar {
  const vocabulary: Vocabulary = {
    size: tokenizer.vocabularySize,
    endTokens: tokenizer.endTokens,
    tokenBytes: (token) => tokenizer.tokenBytes(token),
  };
  // Sorting the vocabulary takes the better part of a second; better now than in somebody's first request.
  prepareVocabulary(vocabulary);
  const kept = new Map<string, CompiledGrammar>();
  return (source) => {
    const key = JSON.stringify(source);
    const compiled = kept.get(key) ?? compileGrammar(source, vocabulary);
    // Insertion order is the order of use: the first key is the one unused for longest.
    kept.delete(key);
    kept.set(key, compiled);
    if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!);
    return compiled;
  };
}
