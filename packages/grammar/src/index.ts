export { checkGrammar, type GrammarCheck } from './check-grammar.ts';
export { compileGrammar } from './compile-grammar.ts';
export type * from './contract.ts';
export { GrammarError } from './grammar-error.ts';
export { DEFAULT_LIMITS, type GrammarLimits } from './limits.ts';
export { prepareVocabulary, type VocabularyIndex } from './tokens/vocabulary-index.ts';
