import { filterError } from './filter-error.ts';

/** Pieces of a filter expression. `at` is the offset in the text, for error messages. */
export type FilterToken =
  | { readonly kind: 'word'; readonly text: string; readonly at: number; readonly spaced: boolean }
  | {
      readonly kind: 'quoted';
      readonly pieces: readonly string[];
      readonly at: number;
      readonly spaced: boolean;
    }
  | {
      readonly kind: 'operator';
      readonly text: FilterOperator;
      readonly at: number;
      readonly spaced: boolean;
    }
  | { readonly kind: '(' | ')' | ',' | '-'; readonly at: number; readonly spaced: boolean };

export type FilterOperator = '=' | '!=' | '<' | '<=' | '>' | '>=' | ':';

const OPERATOR = /<=|>=|!=|[=<>:]/y;
/** A word before an operator: a field path, a keyword or a function name. */
const WORD = /[^\s()<>=!:,"']+/y;
/**
 * A word after an operator: a value, which may hold colons and dashes (timestamps, names, negative numbers).
 */
const VALUE = /[^\s()<>=!,"']+/y;
const SPACE = /\s*/y;

/**
 * Cuts a filter into tokens. Quoted text is cut at its unescaped `*` into pieces: n pieces, n-1 wildcards.
 */
export function readFilterTokens(text: string): FilterToken[] {
  const tokens: FilterToken[] = [];
  let at = 0;
  while (true) {
    const start = at;
    at = skip(SPACE, text, at);
    if (at >= text.length) return tokens;
    const token = readToken(text, at, at > start, tokens.at(-1)?.kind === 'operator');
    tokens.push(token.token);
    at = token.end;
  }
}

function readToken(
  text: string,
  at: number,
  spaced: boolean,
  isValue: boolean,
): { token: FilterToken; end: number } {
  const character = text[at]!;
  if (character === '(' || character === ')' || character === ',') {
    return { token: { kind: character, at, spaced }, end: at + 1 };
  }
  if (character === '"' || character === "'") return readQuoted(text, at, spaced);
  if (character === '-' && !isValue) return { token: { kind: '-', at, spaced }, end: at + 1 };
  const operatorEnd = skip(OPERATOR, text, at);
  if (operatorEnd > at) {
    const operator = text.slice(at, operatorEnd) as FilterOperator;
    return { token: { kind: 'operator', text: operator, at, spaced }, end: operatorEnd };
  }
  const end = skip(isValue ? VALUE : WORD, text, at);
  if (end === at) throw filterError(`'${character}' is not expected`, at);
  return { token: { kind: 'word', text: text.slice(at, end), at, spaced }, end };
}

function readQuoted(text: string, at: number, spaced: boolean): { token: FilterToken; end: number } {
  const quote = text[at]!;
  const pieces = [''];
  for (let index = at + 1; index < text.length; index++) {
    const character = text[index]!;
    if (character === quote) return { token: { kind: 'quoted', pieces, at, spaced }, end: index + 1 };
    if (character === '*') pieces.push('');
    else if (character === '\\') pieces[pieces.length - 1] += text[++index] ?? '';
    else pieces[pieces.length - 1] += character;
  }
  throw filterError('the quote is not closed', at);
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text) === null ? at : pattern.lastIndex;
}
