import type { CompiledGrammar } from '../contract.ts';
import { byteTokens, END_TOKEN } from './byte-vocabulary.ts';

/** Whether a grammar compiled for a byte vocabulary accepts exactly this text, then an end. */
export function acceptsText(grammar: CompiledGrammar, text: string): boolean {
  const matcher = grammar.createMatcher();
  return [...byteTokens(text), END_TOKEN].every((token) => matcher.accept(token));
}
